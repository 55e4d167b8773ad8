"""The first administrator of an empty installation. There is never a default password."""

import getpass
import os
import shlex
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loupan.core.refusals import Refusal
from loupan.org import queries
from loupan.org.actions import structure

INSTRUCTION = """
This installation is empty. Make the first administrator in another terminal, in the same directory:

    LOUPAN_DATA_DIR={data} {python} manage.py bootstrap_admin

It asks for the company, a user name and a password. Then sign in and add projects, posts and people.
"""


class Command(BaseCommand):
    help = "Make the first administrator, the group company and the roles of an empty installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", default="", help="name of the group (asked for)")
        parser.add_argument("--company-code", default="GROUP")
        parser.add_argument("--username", default="", help="asked for")
        parser.add_argument("--name", default="", help="the person's name (asked for)")
        parser.add_argument(
            "--instruction",
            action="store_true",
            help="only say how to do it, where there is no administrator yet",
        )

    def handle(self, **options: Any) -> None:
        at = timezone.now()
        is_set_up = queries.administrators(at).exists()
        if options["instruction"]:
            if not is_set_up:
                self.stdout.write(_instruction())
            return
        if is_set_up:
            raise CommandError("There is an administrator already. Ask them for an account.")
        try:
            user = structure.set_up(
                company=options["company"] or _asked("Name of the company"),
                company_code=options["company_code"],
                username=options["username"] or _asked("User name"),
                display_name=options["name"] or _asked("Name of the person"),
                password=_password(),
                by=None,
                at=at,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.username} may sign in and administer everything.")


def _instruction() -> str:
    return INSTRUCTION.format(
        data=shlex.quote(str(settings.DATA_DIR)), python=shlex.quote(sys.executable)
    )


def _asked(question: str) -> str:
    try:
        answer = input(f"{question}: ").strip()
    except EOFError:
        answer = ""
    if not answer:
        raise CommandError(f"{question} is needed: give it as an option or answer the question.")
    return answer


def _password() -> str:
    """From LOUPAN_ADMIN_PASSWORD, else asked for twice; never from the command line, which others see."""
    if given := os.environ.get("LOUPAN_ADMIN_PASSWORD", ""):
        return given
    try:
        first = getpass.getpass("Password: ")
        again = getpass.getpass("Password once more: ")
    except EOFError as error:
        raise CommandError("A password is needed: set LOUPAN_ADMIN_PASSWORD.") from error
    if first != again:
        raise CommandError("The two passwords differ.")
    return first
