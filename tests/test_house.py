"""The house rules that no linter knows. Each test prints the lines that broke the rule."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

HOUSE = Path(__file__).resolve().parent.parent / "loupan"
FLOORS = [
    "core",
    "org",
    "parameters",
    "inventory customers documents",
    "pricing ledger",
    "sales",
    "reports",
    "config",
]
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names.split()}
DOORS = {"views", "api", "tasks", "management", "admin", "spreadsheets", "middleware"}
# The translators of `core` and the roof have doors of their own names.
DOORS_OF = {"core": {"kit", "rest", "ui", "verbs"}, "config": {"desk", "frame", "health"}}
TRIES = {"testing", "tests"}
MAY_WRITE = {"actions", "migrations"} | TRIES
# What actions write through: locks, history, numbers, answers kept for a repeated request.
CORE_MAY_WRITE = {"db", "audit", "numbering", "idempotency"}
WRITES = {
    "abulk_create", "acreate", "bulk_create", "bulk_update", "create", "get_or_create", "locked",
    "select_for_update", "update_or_create",
}  # fmt: skip
# Also names of sets, dictionaries, files and routers, which take something by place; rows do not.
WRITES_WITHOUT_PLACES = {"adelete", "asave", "aupdate", "delete", "save", "update"}
CLOCK = {"local_today", "now", "today", "utcnow"}
# Which posts a person holds is asked of today, by every query, which has no instant of its own.
CLOCK_IN_THE_CELLAR = {"core/calendar.py", "org/permissions.py"}
PLUGGED_IN: set[str] = set()  # Actions called by a hook with the object itself.


@cache
def parsed() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path.relative_to(HOUSE), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(HOUSE.rglob("*.py"))
    )


def room(path: Path) -> str:
    """`sales/actions/contracts.py` and `sales/actions.py` are both in the room `actions`."""
    return path.parts[1].removesuffix(".py") if len(path.parts) > 1 else path.stem


def is_door(path: Path) -> bool:
    return room(path) in DOORS | DOORS_OF.get(path.parts[0], set())


def below_the_doors() -> Iterator[tuple[Path, ast.Module]]:
    tried = TRIES | {"migrations"}
    return ((p, tree) for p, tree in parsed() if not is_door(p) and room(p) not in tried)


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return name in WRITES or (name in WRITES_WITHOUT_PLACES and not call.args)


def may_write(path: Path) -> bool:
    return room(path) in MAY_WRITE or (path.parts[0] == "core" and room(path) in CORE_MAY_WRITE)


def test_every_app_has_a_floor() -> None:
    found = {path.parent.name for path in HOUSE.glob("*/apps.py")}
    assert found == set(FLOOR)


def test_only_actions_write() -> None:
    broken = [
        f"{path}:{call.lineno} {ast.unparse(call.func)}()"
        for path, tree in parsed()
        if not may_write(path)
        for call in calls(tree)
        if writes(call)
    ]
    assert not broken, "\n".join(broken)


def test_actions_are_marked_and_called_by_keyword() -> None:
    broken = []
    for path, tree in parsed():
        if room(path) != "actions":
            continue
        for fn in tree.body:
            if not isinstance(fn, ast.FunctionDef) or fn.name.startswith("_"):
                continue
            marks = {mark.id for mark in fn.decorator_list if isinstance(mark, ast.Name)}
            by_place = [*fn.args.posonlyargs, *fn.args.args]
            if "writes" not in marks or (by_place and fn.name not in PLUGGED_IN):
                broken.append(f"{path}:{fn.lineno} {fn.name}")
    assert not broken, "\n".join(broken)


def test_an_action_that_knows_who_also_knows_when() -> None:
    """An entry takes `by` and `at`. A part that compares a person says "Part:" first."""
    broken = []
    for path, tree in parsed():
        if room(path) != "actions":
            continue
        for fn in tree.body:
            if isinstance(fn, ast.FunctionDef) and not fn.name.startswith("_"):
                given = {argument.arg for argument in fn.args.kwonlyargs}
                is_part = (ast.get_docstring(fn) or "").startswith("Part")
                if "by" in given and "at" not in given and not is_part:
                    broken.append(f"{path}:{fn.lineno} {fn.name}")
    assert not broken, "\n".join(broken)


def reads_the_clock(node: ast.AST) -> bool:
    """`timezone.now`, `date.today`, a bare `now`; `localtime(at)` only turns an instant given."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        return name in {"localtime", "localdate"} and not node.args + node.keywords
    if isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        return node.attr in CLOCK and owner.split(".")[-1] in {"date", "datetime", "timezone"}
    if isinstance(node, ast.ImportFrom):
        return any(alias.name in CLOCK for alias in node.names)
    return False


def test_only_doors_read_the_clock() -> None:
    broken = [
        f"{path}:{node.lineno}"
        for path, tree in below_the_doors()
        if path.as_posix() not in CLOCK_IN_THE_CELLAR
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.ImportFrom) and reads_the_clock(node)
    ]
    assert not broken, "\n".join(broken)


def test_doors_say_who() -> None:
    """Views, API, tasks and commands only call actions that take `by`; a draft is no action."""
    broken = []
    for path, tree in parsed():
        if not is_door(path):
            continue
        actions = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
            if alias.name == "actions" or "actions" in node.module.split(".")
        }
        for call in calls(tree):
            callee = call.func.value if isinstance(call.func, ast.Attribute) else call.func
            keywords = {keyword.arg for keyword in call.keywords}
            is_class = ast.unparse(call.func).split(".")[-1][0].isupper()
            by_name = isinstance(callee, ast.Name) and callee.id in actions and not is_class
            if by_name and "by" not in keywords:
                broken.append(f"{path}:{call.lineno}")
    assert not broken, "\n".join(broken)


def test_a_refusal_is_answered_only_at_the_doors() -> None:
    """Nothing below swallows a Refusal; a form may set one beside its field."""
    broken = [
        f"{path}:{node.lineno}"
        for path, tree in below_the_doors()
        if path.parts[0] != "core" and room(path) != "forms"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type and "Refusal" in ast.unparse(node.type)
    ]
    assert not broken, "\n".join(broken)


def test_foreign_keys_only_point_down_and_leave_no_way_back() -> None:
    """String references such as ForeignKey("sales.Reservation") are invisible to import-linter."""
    broken = []
    for model in apps.get_models():
        here = FLOOR.get(model._meta.app_label)
        for field in model._meta.get_fields():
            if here is None or not field.concrete or not field.remote_field:
                continue
            target = field.remote_field.model
            if isinstance(target, str):
                continue
            label = target._meta.app_label
            if label == model._meta.app_label or label not in FLOOR:
                continue
            points_up = FLOOR[label] >= here and target._meta.label != settings.AUTH_USER_MODEL
            if points_up or not field.remote_field.hidden:
                broken.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert not broken, "\n".join(broken)


def test_templates_only_link_down() -> None:
    broken = [
        f"{path.relative_to(HOUSE)} -> {app}"
        for path in sorted(HOUSE.rglob("templates/**/*.html"))
        for app in re.findall(r"{%\s*url\s+['\"](\w+):", path.read_text(encoding="utf-8"))
        if FLOOR.get(app, -1) > FLOOR[path.relative_to(HOUSE).parts[0]]
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("word", ["utils", "helpers", "services", "common", "mixins", "managers"])
def test_no_file_is_called(word: str) -> None:
    assert not sorted(HOUSE.rglob(f"{word}.py"))


def test_folders_of_a_room_have_an_empty_init() -> None:
    """One import path for each thing: a room split by noun does not gather its parts again."""
    broken = [
        str(path.relative_to(HOUSE))
        for path in HOUSE.glob("*/*/__init__.py")
        if path.parts[-2] not in {"formats"} and path.read_text(encoding="utf-8").strip()
        if path.parts[-3] != "core"
    ]
    assert not broken, broken


def test_no_two_apps_serve_a_file_under_one_name() -> None:
    """Static files of all apps lie in one place: of two with one name only the first is served."""
    names = [path.as_posix().partition("/static/")[2] for path in HOUSE.glob("*/static/**/*.*")]
    assert not {name for name in names if names.count(name) > 1}
