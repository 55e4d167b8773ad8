"""End locks and holds whose time is over and bring due price lists into force; once or again and again."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from loupan.pricing.tasks import apply_due_price_lists
from loupan.sales.tasks import end_expired_claims


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=int, default=0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            freed = end_expired_claims()
            lists = apply_due_price_lists()
            if freed or not options["every"]:
                self.stdout.write(f"units offered again: {freed}")
            if lists:
                self.stdout.write(f"price lists in force: {lists}")
            if not options["every"]:
                return
            time.sleep(options["every"])
