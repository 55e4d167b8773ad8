"""The day of sales control, printed and mailed (CTL-06)."""

from datetime import datetime
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from loupan.inventory.actions.units import withhold_units
from loupan.inventory.testing import a_unit
from loupan.org.testing import the_cast

pytestmark = pytest.mark.django_db

EVENING = datetime.fromisoformat("2025-03-08T23:30:00+08:00")


def log(*args: str) -> str:
    out = StringIO()
    call_command("control_log", *args, stdout=out)
    return out.getvalue()


def test_a_day_counts_its_moves_and_names_unit_and_person() -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    withhold_units(unit_ids=[unit.pk], reason="价格复核", by=cast.mo, at=EVENING)
    said = log("--day", "2025-03-08", "--project", cast.project.code)
    assert f"23:30 {unit.number}" in said
    assert "莫经理 价格复核" in said
    assert said.count("→") == 2  # Once counted, once told.
    assert unit.number not in log("--day", "2025-03-09", "--project", cast.project.code)


def test_the_day_goes_out_by_mail_to_whom_it_is_asked_for() -> None:
    cast = the_cast()
    log("--day", "2025-03-08", "--project", cast.project.code, "--mail", "sm@example.com")
    (letter,) = mail.outbox
    assert letter.to == ["sm@example.com"]
    assert cast.project.name in letter.subject
