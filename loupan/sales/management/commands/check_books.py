"""Recompute every sum and status from the lines, print what differs, and fail if anything does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loupan.core.db import reading
from loupan.sales.queries.books import book_differences


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        with reading():
            found = book_differences()
        for difference in found:
            self.stdout.write(difference)
        if found:
            raise CommandError(f"{len(found)} differences")
        self.stdout.write("the books agree: 0 differences")
