"""manage.py demo: the demo company, where there is no company yet."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from loupan.config.demo import story


class Command(BaseCommand):
    help = "Make the demo company with two projects; does nothing where a company exists."

    def handle(self, *args: Any, **options: Any) -> None:
        if story.has_been_told():
            self.stdout.write("There is a company already; nothing was made.")
            return
        story.tell(at=now())
        self.stdout.write("The demo is ready: sign in as sc1, sm, ca, pd … with loupan-demo.")
