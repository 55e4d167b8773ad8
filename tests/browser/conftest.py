"""A person at a browser: pages of the live server, watched for errors, strangers and barriers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Response
from pytest_django.live_server_helper import LiveServer

from loupan.org.models import User
from loupan.org.testing import signed_in

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "assets" / "test" / "axe.min.js"
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}"""


# What sticks out of the window to the right, where the page can be pushed sideways.
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.body.querySelectorAll("*")]
    .filter((one) => one.checkVisibility()
      && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((one) => `${one.tagName} ${one.className} ${one.getBoundingClientRect().right}`).slice(0, 5)"""


class Desk:
    """One person's window. What goes wrong in it is collected in `faults`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.faults: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")

    def _answered(self, answer: Response) -> None:
        there = urlsplit(answer.url)
        if there.scheme not in {"data", "blob"} and there.netloc != urlsplit(self.address).netloc:
            self.faults.append(f"asked {answer.url}")
        if answer.status >= 500:
            self.faults.append(f"{answer.status} {answer.url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def barriers(self) -> list[str]:
        """What axe-core finds on the whole page: in a window as high as it, so that no bar covers any."""
        size = self.page.viewport_size or DESKTOP
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": min(height, 6000)})
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = self.page.evaluate(RUN_AXE, RULES)
        self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
        return found

    def looks_sound(self) -> None:
        """No barrier, nothing wider than the window, no error so far."""
        assert self.barriers() == [], self.page.url
        assert self.page.evaluate(TOO_WIDE) == [], self.page.url
        assert self.faults == []

    def picture(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)


@pytest.fixture
def desk_of(
    new_context: Callable[..., BrowserContext], live_server: LiveServer
) -> Callable[..., Desk]:
    """`desk_of(user, size=PHONE, theme="dark")`: a window in which that person has signed in."""

    def sit_down(user: User, *, size: dict[str, int] = DESKTOP, theme: str = "light") -> Desk:
        context = new_context(viewport=size, locale="zh-CN", reduced_motion="reduce")
        cookies = {name: m.value for name, m in signed_in(user).cookies.items()} | {"theme": theme}
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in cookies.items()
            ]
        )
        return Desk(context.new_page(), live_server.url)

    return sit_down
