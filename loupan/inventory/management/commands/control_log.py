"""The day of sales control of every project: who moved what when, and what is short now (CTL-06, 07)."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.mail import send_mail
from django.core.management.base import BaseCommand
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from loupan.inventory.queries.control import DayOfControl, day_of_control
from loupan.inventory.queries.stock import advice_in_words, alert_in_words, alerts_of
from loupan.inventory.states import UnitStatus
from loupan.org.models import Project


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, help="YYYY-MM-DD; yesterday if left out"
        )
        parser.add_argument("--project", default="", help="code of one project")
        parser.add_argument("--mail", nargs="+", default=[], metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["day"] or localdate() - timedelta(days=1)
        projects = Project.objects.filter(is_open=True).order_by("code")
        if options["project"]:
            projects = projects.filter(code=options["project"])
        for project in projects:
            text = in_words(day_of_control(project.pk, day)) + stock_in_words(project.pk)
            title = _("Sales control of %(project)s on %(day)s") % {"project": project, "day": day}
            self.stdout.write(f"{title}\n{text}")
            if options["mail"]:
                send_mail(title, text, None, options["mail"])


def in_words(log: DayOfControl) -> str:
    """The counts first, then each move with its time, unit and person."""
    if not log.changes:
        return _("No unit moved.") + "\n"
    name = {value: str(label) for value, label in UnitStatus.choices}
    counts = [f"{name[old]} → {name[new]}: {n}" for (old, new), n in sorted(log.counts.items())]
    moves = [
        f"{localtime(one.at):%H:%M} {getattr(one, 'unit_number', '')}"
        f" {name[one.from_status]} → {name[one.to_status]} {one.by or ''} {one.reason}".rstrip()
        for one in log.changes
    ]
    return "\n".join([*counts, "", *moves]) + "\n"


def stock_in_words(project_id: int) -> str:
    """What is short and what lies too long as of today; nothing where all is well."""
    alerts = alerts_of(project_id, localdate())
    if not alerts:
        return ""
    said = [f"- {alert_in_words(each)}. {advice_in_words(each)}." for each in alerts]
    return "\n".join(["", _("Stock alerts"), *said]) + "\n"
