"""Every event of every action is read in words: no history shows a name of the code."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from loupan.core.history import VERBS, _noun, changes_of
from loupan.core.models import AuditEvent
from tests.test_house import FLOOR, HOUSE, parsed, room

EVENT = re.compile(rf"({'|'.join(FLOOR)})\.([a-z_]+)\.([a-z_]+)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def events() -> set[tuple[str, str, str]]:
    """Those written out in actions; `core/actions.py` puts made, changed and deleted behind a noun."""
    texts = {
        text
        for path, _tree in parsed()
        if room(path) == "actions" and "tests" not in path.parts
        for text in re.findall(r'"([a-z_.]+)"', Path(HOUSE / path).read_text(encoding="utf-8"))
    }
    return {match.groups() for text in texts if (match := EVENT.fullmatch(text))}  # type: ignore[misc]


def test_the_events_of_the_actions_are_found() -> None:
    assert len(events()) > 90


@pytest.mark.parametrize("event", sorted(events()), ids=".".join)
def test_an_event_has_words_in_both_languages(event: tuple[str, str, str]) -> None:
    app, noun, verb = event
    assert verb in VERBS, f"no word for “{verb}” in core/history.py"
    with translation.override("zh-hans"):
        assert CHINESE.search(_noun(app, noun)), f"no word for {app}.{noun}"
        assert CHINESE.search(str(VERBS[verb]))


def test_a_coded_value_is_read_as_its_choice() -> None:
    event = AuditEvent(
        subject_type="customers.customer", before={"sex": "f"}, after={"sex": "m", "kind": "x"}
    )
    with translation.override("zh-hans"):
        sex, kind = changes_of(event)
    assert (sex.before, sex.after) == ("女", "男")
    assert kind.after == "x"  # What is no choice any more is shown as it was kept.
