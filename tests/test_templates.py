"""What a template may not contain: the strict content policy and htmx 4 fail silently otherwise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import assets

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "loupan").rglob("templates/**/*.html"))
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)


def lines_with(pattern: str) -> list[str]:
    found = []
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        text = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        for match in re.finditer(pattern, text, re.IGNORECASE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line} {match[0][:80]}")
    return found


def test_there_are_templates() -> None:
    assert TEMPLATES


def test_no_inline_style() -> None:
    assert not lines_with(r"<[^>]*\sstyle\s*=") + lines_with(r"<style\b")


def test_no_inline_script() -> None:
    """A script element either has a source or is data (JSON) that nobody runs."""
    scripts = lines_with(r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*application/json)[^>]*>")
    assert not scripts


def test_no_handler_attributes() -> None:
    assert not lines_with(r"<[a-z][^>]*\son[a-z]+\s*=\s*[\"']") + lines_with(r"javascript:")


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert not lines_with(r"(?:src|href|action|srcset|url\()\s*=?\s*[\"']?\s*(?:https?:)?//")


def test_every_icon_exists() -> None:
    if not (ROOT / "node_modules/@tabler/icons").exists():
        pytest.skip("node_modules is not here: python3 run.py up fetches it")
    assert not assets.missing_icons(ROOT)


def test_htmx_attributes_are_of_version_4() -> None:
    """htmx's own checker of templates that speak the language of version 2."""
    checker = ROOT / "node_modules/htmx.org/dist/scripts/upgrade-check.py"
    if not checker.exists():
        pytest.skip("node_modules is not here: python3 run.py up fetches it")
    done = subprocess.run(
        [sys.executable, str(checker), "--ext", ".html", str(ROOT / "loupan")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
