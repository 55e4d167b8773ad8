"""The migrations make the tables that the models describe."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

LOUPAN = Path(__file__).resolve().parent.parent / "loupan"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def test_migrations_follow_one_another_by_number() -> None:
    """Two with the same number are a merge that nobody has looked at."""
    for folder in sorted(LOUPAN.glob("*/migrations")):
        numbers = [path.name[:4] for path in sorted(folder.glob("0*.py"))]
        assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)], folder


def test_migrations_import_nothing_of_our_rooms_that_may_change() -> None:
    """A migration is history; what it needs it says itself. Fields, which it names, are of core."""
    broken = [
        f"{path.relative_to(LOUPAN)}: {line}"
        for path in sorted(LOUPAN.glob("*/migrations/0*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(?:from|import)\s+loupan\.(?!core)", line)
    ]
    assert not broken, broken
