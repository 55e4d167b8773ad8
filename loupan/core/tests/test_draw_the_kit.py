"""The components, the display choices and the pages of an error."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from loupan.core import views
from loupan.core.kit import AT, examples


def test_every_component_draws() -> None:
    page = render_to_string("core/kit.html", examples(AT))
    assert "<c-" not in page
    assert page.count("1,459,160.00") > 2
    assert page.count("<h1") == 1
    ids = re.findall(r'\bid="([^"]+)"', page)
    twice = {name for name in ids if ids.count(name) > 1 and not name.startswith("id_")}
    assert not twice


@pytest.mark.parametrize("status", [403, 404, 422, 429, 500])
def test_a_page_of_an_error_needs_no_context_and_says_what_to_do(status: int) -> None:
    page = render_to_string(f"{status}.html")
    assert str(status) in page
    assert 'href="/"' in page


def test_display_choices_are_kept_in_cookies_and_nothing_else_is(rf: RequestFactory) -> None:
    typed = {"theme": "dark", "money": "shells", "next": "/customers/?a=1"}
    answer = views.preferences(rf.post("/preferences/", typed))
    assert answer.status_code == 302
    assert answer["Location"] == "/customers/?a=1"
    assert answer.cookies["theme"].value == "dark"
    assert "money" not in answer.cookies


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_display_choices_never_lead_away(rf: RequestFactory, target: str) -> None:
    answer = views.preferences(rf.post("/preferences/", {"theme": "dark", "next": target}))
    assert answer["Location"] == "/"


def test_the_service_worker_keeps_files_and_no_pages(rf: RequestFactory) -> None:
    answer = views.service_worker(rf.get("/sw.js"))
    assert answer["Content-Type"] == "text/javascript"
    assert b'startsWith("/static/")' in answer.content
