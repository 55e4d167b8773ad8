"""Every page of the product as it is accepted (UX 10): the list of pages grows by itself."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import PHONE, Desk
from tests.test_hostile_input import everybody_in_one
from tests.test_url_roles import PAGES, address, asked
from tests.world import a_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.once]

# No page of its own: a file, the end of a session, a piece of another page.
NO_SCREEN = {"org:logout", "sw", "manifest"}


@pytest.mark.parametrize(
    ("size", "theme"), [(None, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
def test_every_screen_is_sound(
    desk_of: Callable[..., Desk], size: dict[str, int] | None, theme: str
) -> None:
    """No barrier axe knows, nothing wider than the window, no error, no request that leaves."""
    world = a_world()
    desk = desk_of(everybody_in_one(world), theme=theme, **({"size": size} if size else {}))
    seen, wrong = 0, []
    for name, row in PAGES.items():
        if row.method != "get" or row.is_paper or name in NO_SCREEN:
            continue
        answer = desk.page.request.get(desk.address + address(name, row, world) + asked(row, world))
        text = answer.text() if "html" in answer.headers.get("content-type", "") else ""
        if answer.status != 200 or 'id="main"' not in text:
            continue
        desk.open(address(name, row, world) + asked(row, world))
        seen += 1
        try:
            desk.looks_sound()
        except AssertionError as fault:
            wrong.append(f"{name}: {str(fault)[:600]}")
            desk.faults.clear()
    assert seen > 100, seen
    assert not wrong, "\n\n".join(wrong)
