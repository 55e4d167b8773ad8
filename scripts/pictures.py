"""Take the pictures of the README from a running demo.

.venv/bin/python -m scripts.pictures http://127.0.0.1:8000
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
PAGES = {"board": "/sales/board/", "home": "/"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def take(address: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        page.goto(f"{address}/org/login/")
        page.fill("[name=username]", "pd")
        page.fill("[name=password]", "loupan-demo")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        for name, path in PAGES.items():
            page.goto(f"{address}{path}")
            page.wait_for_load_state("networkidle" if name == "home" else "load")
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"))
