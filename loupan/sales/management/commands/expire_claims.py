"""What the clock does: ends claims and withholdings, brings price lists into force, carries out plans."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from loupan.inventory.tasks import end_over_withholdings, run_due_control_plans
from loupan.pricing.tasks import apply_due_price_lists
from loupan.sales.tasks import end_expired_claims


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=int, default=0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            freed = end_expired_claims()
            lists = apply_due_price_lists()  # Before the plans: what is released has its new price.
            back, ran = end_over_withholdings(), run_due_control_plans()
            if freed or not options["every"]:
                self.stdout.write(f"units offered again: {freed}")
            if lists:
                self.stdout.write(f"price lists in force: {lists}")
            if back:
                self.stdout.write(f"withholdings ended: {back}")
            if ran:
                self.stdout.write(f"planned steps carried out: {ran}")
            if not options["every"]:
                return
            time.sleep(options["every"])
