"""Makers of bank accounts for the tests of this floor and those above."""

from typing import Any

from loupan.ledger.models import BankAccount
from loupan.org.models import Project


def a_bank_account(project: Project, *, name: str = "监管账户", **fields: Any) -> BankAccount:
    """A supervised account of the project."""
    return BankAccount.objects.create(
        company_id=project.company_id,
        project=project,
        name=name,
        bank=fields.pop("bank", "建设银行"),
        number=fields.pop("number", "5000 1234 5678 9012"),
        **fields,
    )
