"""Whatever is typed, sent or asked: an answer with a sentence, never a crash, nothing half-written.

Every form of every page, every filter of every list and every field of every operation of the API, as
somebody who may do everything.  They are found by walking, so a new one is walked too.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import transaction
from django.test import Client

from loupan.config.api import api
from loupan.org.models import User
from loupan.org.testing import a_post, a_user, hold, signed_in, token_for
from tests.test_url_roles import CALLS, PAGES, address, asked
from tests.world import World, a_world

# Each of these has brought down somebody's office before.
TYPED = (
    "",
    " ",
    "-1",
    "-0.001",
    "NaN",
    "Infinity",
    "1e999999",
    "9" * 40,
    "0.1234567890123456789",
    "１２３４．５６",
    "0001-01-01",
    "9999-12-31",
    "2025-02-30",
    "0001-01-01T00:00",
    "no_such_choice",
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "=cmd|'/c calc'!A0",
    "<script>alert(1)</script>",
    "'; DROP TABLE inventory_unit; --",
    "{{ 7 * 7 }}{% debug %}",
    "../../../../etc/passwd",
    "[]",
    '{"a": {}}',
    "‮\u200b\ufeff",
    "字" * 5_000,
)
A_TURN = 7  # No divisor of their number, so that the turns differ from page to page.
SENT: tuple[Any, ...] = (*TYPED, None, True, -1, 10**30, 1e308, -0.001, [], [[]], {}, {"a": [None]})


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page with what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self.is_open = True
        is_field = tag in {"input", "select", "textarea"} and given.get("type") not in {
            "file",
            "submit",
        }
        if tag != "form" and self.is_open and is_field and given.get("name"):
            self.found[-1].fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self.is_open = self.is_open and tag != "form"


def forms_of(html: str) -> list[Form]:
    parser = Forms()
    parser.feed(html)
    return parser.found


@pytest.fixture
def world(db: None) -> Iterator[World]:
    logging.disable(logging.ERROR)
    yield a_world()
    logging.disable(logging.NOTSET)


def everybody_in_one(world: World) -> User:
    """Holds a post of every role in the first project."""
    user = a_user("PD", world.here.project)
    for role in ("AD", "SM", "SC", "CC", "CS", "MS", "CA", "SA", "FM", "MK", "HO"):
        hold(user, a_post(role, world.here.project))
    hold(user, a_post("AD", company=world.here.project.company))
    return user


def undone(client: Client, method: str, path: str, data: dict[str, Any]) -> tuple[int, str]:
    """The answer, and everything as it was before."""
    point = transaction.savepoint()
    try:
        answer = (client.post if method == "post" else client.get)(path, data)
        is_html = "html" in answer.headers.get("Content-Type", "")
        return answer.status_code, answer.content.decode() if is_html else ""
    finally:
        transaction.savepoint_rollback(point)
        transaction.savepoint_commit(point)  # Else the next ones nest in it.


def pages(world: World) -> Iterator[tuple[str, str]]:
    for name, row in PAGES.items():
        if row.method == "get" and not row.is_paper and name != "org:logout":
            yield name, address(name, row, world) + asked(row, world)


def test_no_page_falls_over_what_is_typed_into_its_forms(world: World) -> None:
    """All fields at once, then each alone; the pieces take turns, so that every kind of field meets all."""
    client = signed_in(everybody_in_one(world), raise_request_exception=False)
    wrong, seen, texts = [], set[tuple[str, str, tuple[str, ...]]](), cycle(TYPED)
    for name, path in pages(world):
        status, html = undone(client, "get", path, {})
        if status >= 500:
            wrong.append(f"{name}: {status}")
        for form in forms_of(html):
            target = urlsplit(form.action or path).path
            key = (form.method, target, tuple(form.fields))
            if key in seen or not form.fields or "logout" in target or "password" in target:
                continue
            seen.add(key)
            tries = [dict.fromkeys(form.fields, next(texts)) for _turn in range(A_TURN)]
            tries += [{**form.fields, one: next(texts)} for one in form.fields]
            for typed in tries:
                status, _html = undone(client, form.method, target, typed)
                if status >= 500:
                    wrong.append(f"{name}: {form.method} {target} {ascii(typed)[:300]}: {status}")
                    break
    assert seen, "No page has a form."
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_address_falls_over_what_is_asked(world: World) -> None:
    """The parameters that lists and pages know, in the address bar, with nonsense in them."""
    client = signed_in(everybody_in_one(world), raise_request_exception=False)
    known = ("q", "after", "before", "page", "sort", "since", "at", "project", "columns", "group")
    wrong, texts = [], cycle(TYPED)
    for name, path in pages(world):
        joint = "&" if "?" in path else "?"
        for text in islice(texts, A_TURN):
            known_path = path + joint + urlencode(dict.fromkeys(known, text))
            status, _html = undone(client, "get", known_path, {})
            if status >= 500:
                wrong.append(f"{name} {ascii(text)[:60]}: {status}")
                break
    assert not wrong, "\n" + "\n".join(wrong)


def bodies(schema: dict[str, Any], all_schemas: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body."""
    if "$ref" in schema:
        schema = all_schemas[schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = schema.get("properties", {})
    return found


def test_no_call_of_the_api_falls_over_what_is_sent(world: World) -> None:
    """A wrong body is a 4xx: one field wrong in an otherwise right body, and all of them wrong."""
    token = {"Authorization": f"Bearer {token_for(everybody_in_one(world))}"}
    client = Client(headers=token, raise_request_exception=False)
    described = api.get_openapi_schema()
    wrong = []
    for call, row in CALLS.items():
        method, _space, path = call.partition(" ")
        operation = described["paths"][f"/api/v1/{path}"][method.lower()]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if not content:
            continue
        fields = bodies(content["schema"], described["components"]["schemas"])
        right = row.data(world) if row.data else {}
        tries: list[Any] = [dict.fromkeys(fields, value) for value in SENT]
        tries += [{**right, name: value} for name in fields for value in SENT]
        tries += list(SENT)
        for key, make in row.sample.items():
            path = path.replace(f"{{{key}}}", str(make(world)))
        for body in tries:
            status = sent(client, method, path, json.dumps(body))
            if status >= 500:
                wrong.append(f"{call} {ascii(body)[:200]}: {status}")
                break
    assert not wrong, "\n" + "\n".join(wrong)


def sent(client: Client, method: str, path: str, body: str | bytes) -> int:
    point = transaction.savepoint()
    try:
        return client.generic(method, f"/api/v1/{path}", body, "application/json").status_code
    finally:
        transaction.savepoint_rollback(point)
        transaction.savepoint_commit(point)  # Else the next ones nest in it.


@pytest.mark.parametrize(
    "body",
    [b"{" + b'"name": "' + b"x" * 10_485_760 + b'"}', b"[" * 100_000, b"\xff\xfe\x00", b"nul"],
    ids=["ten megabytes", "a deep nest", "no text", "half a word"],
)
def test_a_body_that_is_no_body_is_a_4xx_everywhere(world: World, body: bytes) -> None:
    token = {"Authorization": f"Bearer {token_for(everybody_in_one(world))}"}
    client = Client(headers=token, raise_request_exception=False)
    wrong = []
    for call, row in CALLS.items():
        method, _space, path = call.partition(" ")
        if method not in {"POST", "PUT", "PATCH"} or not row.data:
            continue
        for key, make in row.sample.items():
            path = path.replace(f"{{{key}}}", str(make(world)))
        status = sent(client, method, path, body)
        if not 400 <= status < 500:
            wrong.append(f"{call}: {status}")
    assert not wrong, "\n" + "\n".join(wrong)
