"""What is backed up comes back; what is exported is whole."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from loupan.customers.testing import a_customer
from loupan.org.testing import a_project, a_user

ROOT = Path(__file__).resolve().parents[3]


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in {"DATABASE_URL", "PYTEST_VERSION"}
    } | {"LOUPAN_DATA_DIR": str(data)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_backup_comes_back_on_an_empty_installation(tmp_path: Path) -> None:
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "office.zip"
    assert manage(first, "migrate", "--verbosity=0").returncode == 0
    made = manage(
        first, "shell", "-c",
        "from loupan.org.models import Company; Company.objects.create(code='HC', name='海成')",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert manage(first, "backup", str(file), "--with-keys").returncode == 0
    restored = manage(second, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert (second / "field_keys").read_text() == (first / "field_keys").read_text()
    asked = manage(
        second,
        "shell",
        "-c",
        "from loupan.org.models import Company; print(Company.objects.get().name)",
    )
    assert "海成" in asked.stdout
    again = manage(second, "restore", str(file))
    assert again.returncode == 1
    assert "--replace" in again.stderr


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_text("hello", encoding="utf-8")
    done = manage(tmp_path / "data", "restore", str(tmp_path / "letter.zip"))
    assert done.returncode == 1
    assert "not a backup" in done.stderr


@pytest.mark.django_db
def test_every_table_is_exported_and_phones_stay_closed(tmp_path: Path) -> None:
    project = a_project()
    a_customer(project, a_user("SC", project), phone="13912345678")
    call_command("export_all", str(tmp_path / "out"), verbosity=0, stdout=None)
    schema = json.loads((tmp_path / "out" / "schema.json").read_text(encoding="utf-8"))
    ours = {name for name in connection.introspection.table_names() if name in schema}
    assert {"sales_deal", "ledger_receipt", "customers_customer", "core_auditevent"} <= ours
    with (tmp_path / "out" / "customers_customerphone.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert schema["customers_customerphone"]["rows"] == len(rows) == 1
    everything = "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.csv")
    )
    assert "13912345678" not in everything
    with pytest.raises(CommandError):
        call_command("export_all", str(tmp_path / "out"))
