"""Lengths of functions, files and templates: something to look at, never a reason to fail."""

import ast
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

Length = tuple[int, str]


def is_test(path: Path) -> bool:
    return "tests" in path.parts or path.name in {"conftest.py", "testing.py"}


def sources(root: Path, ending: str, *, tests: bool) -> Iterator[Path]:
    for folder in ("loupan", "scripts", "benchmarks", "tests"):
        for path in sorted((root / folder).rglob(f"*.{ending}")):
            if "migrations" not in path.parts and is_test(path.relative_to(root)) == tests:
                yield path


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(root: Path, *, tests: bool) -> Iterator[Length]:
    for path in sources(root, "py", tests=tests):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno
                name = f"{path.relative_to(root)}:{node.lineno} {node.name}"
                yield node.end_lineno - node.lineno + 1, name


def files(root: Path, *, tests: bool) -> Iterator[Length]:
    return ((lines(path), str(path.relative_to(root))) for path in sources(root, "py", tests=tests))


def templates(root: Path) -> Iterator[Length]:
    for path in sources(root, "html", tests=False):
        yield lines(path), str(path.relative_to(root))


def imports_in_functions(root: Path) -> Iterator[str]:
    for path in sources(root, "py", tests=False):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name != "apps.py" and isinstance(node, ast.FunctionDef):
                for part in ast.walk(node):
                    if isinstance(part, ast.Import | ast.ImportFrom):
                        yield f"{path.relative_to(root)}:{part.lineno}"


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(title: str, measured: list[Length], say: Callable[[str], None]) -> None:
    if not measured:
        return
    values = [length for length, _name in measured]
    say(
        f"{title}: {len(values)}, {sum(values)} lines, median {statistics.median(values):g},"
        f" p95 {percentile(values, 0.95)}, longest {max(values)}"
    )
    for length, name in sorted(measured, reverse=True)[:10]:
        say(f"  {length:5} {name}")


def report(root: Path, say: Callable[[str], None] = print) -> int:
    show("functions", list(functions(root, tests=False)), say)
    show("files", list(files(root, tests=False)), say)
    show("templates", list(templates(root)), say)
    show("test functions", list(functions(root, tests=True)), say)
    code = sum(length for length, _name in files(root, tests=False))
    tests = sum(length for length, _name in files(root, tests=True))
    say(f"tests : code = {tests / max(code, 1):.2f}")
    hidden = list(imports_in_functions(root))
    say(f"imports inside functions: {len(hidden)}")
    for place in hidden[:10]:
        say(f"        {place}")
    return 0
