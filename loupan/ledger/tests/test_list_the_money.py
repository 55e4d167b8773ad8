"""The cashier's lists: what is within reach, narrowed, summed up, taken out."""

from typing import Any

import pytest
from django.test import Client

from loupan.ledger.models import Account, BankAccount, Receivable
from loupan.ledger.testing import a_bank_account
from loupan.org.testing import Cast, signed_in, the_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def late(cast: Cast) -> Receivable:
    account = Account.objects.create(
        project=cast.project, label="1-1-1803", owner=cast.lin, opened_at="2025-03-08T04:00:00Z"
    )
    return Receivable.objects.create(
        account=account, seq=1, money_type="deposit", amount="50000.00", due_on="2025-03-08",
        made_at="2025-03-08T04:00:00Z",
    )  # fmt: skip


def page(client: Client, address: str, status: int = 200, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status, answer.content.decode()[:500]
    text: str = answer.content.decode()
    return text


def test_receivables_are_narrowed_to_what_is_late(cast: Cast, late: Receivable) -> None:
    client = signed_in(cast.zhao)
    everything = page(client, "/ledger/receivables/")
    assert "1-1-1803" in everything
    assert everything.count("50,000.00") == 4  # Amount and outstanding, of the line and in all.
    assert "1-1-1803" in page(client, "/ledger/receivables/", state="overdue")
    assert "1-1-1803" not in page(client, "/ledger/receivables/", state="week")
    assert "1-1-1803" not in page(client, "/ledger/receivables/", state="settled")
    assert "1-1-1803" not in page(signed_in(cast.wei), "/ledger/receivables/")
    page(client, "/ledger/receivables/", q="' OR 1=1 --", first="x", last="9999-99-99")


def test_the_journal_opens_for_those_who_read_money(cast: Cast) -> None:
    page(signed_in(cast.zhao), "/ledger/receipts/", first="2025-03-01", kind="receipt")
    page(signed_in(cast.guest), "/ledger/receipts/", 404)
    page(signed_in(cast.zhao), "/ledger/receipts/", 403 if not cast.zhao.may("reports.export") else 200,
         export="xlsx")  # fmt: skip


def test_bank_accounts_are_edited_by_finance_alone(cast: Cast) -> None:
    client = signed_in(cast.fm)
    there = a_bank_account(cast.project)
    assert there.name in page(client, "/ledger/bank-accounts/", project=cast.project.pk)
    body = {
        "name": "一般户", "bank": "工商银行", "number": "6222 0000", "kind": "normal",
        "project": cast.project.pk, "is_enabled": "on",
    }  # fmt: skip
    made = client.post(f"/ledger/bank-accounts/new/?project={cast.project.pk}", body)
    assert made.status_code == 302, made.content.decode()[:2000]
    assert BankAccount.objects.filter(name="一般户", project=cast.project).exists()
    changed = client.post(
        f"/ledger/bank-accounts/{there.pk}/?project={cast.project.pk}",
        {**body, "name": "监管二户", "version": there.version},
    )
    assert changed.status_code == 302
    stale = client.post(
        f"/ledger/bank-accounts/{there.pk}/?project={cast.project.pk}",
        {**body, "name": "旧表单", "version": there.version},
    )
    assert stale.status_code == 422
    page(signed_in(cast.zhao), "/ledger/bank-accounts/", 403)
    assert signed_in(cast.zhao).post("/ledger/bank-accounts/new/", body).status_code == 403
    other = {**body, "project": cast.other_project.pk + 10_000}
    assert (
        client.post(f"/ledger/bank-accounts/new/?project={cast.project.pk}", other).status_code
        == 422
    )


def test_receivables_stand_in_groups_with_their_subtotals(cast: Cast, late: Receivable) -> None:
    """What is summed is itself a sum over allocations; the group of a month is opened by its address."""
    Receivable.objects.create(
        account=late.account, seq=2, money_type="down_payment", amount="100000.01",
        due_on="2025-04-08", made_at="2025-03-08T04:00:00Z",
    )  # fmt: skip
    client = signed_in(cast.zhao)
    found = client.get("/ledger/receivables/", {"group": "money_type"})
    groups = {group.token: group for group in found.context["groups"]}
    assert {token: group.count for token, group in groups.items()} == {
        ".deposit": 1, ".down_payment": 1,
    }  # fmt: skip
    assert str(groups[".down_payment"].sums["owed"]) == "100000.01"
    assert str(found.context["sums"]["due"]) == "150000.01"
    months = client.get("/ledger/receivables/", {"group": "due_on", "open": ".2025-04"})
    assert [group.label for group in months.context["groups"]] == ["2025-03", "2025-04"]
    assert [line["row"].seq for line in months.context["lines"]] == [2]


def test_more_than_a_thousand_rows_are_summed_only_when_asked(
    cast: Cast, late: Receivable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loupan.core.ui import lists

    monkeypatch.setattr(lists, "COUNTED", 0)
    client = signed_in(cast.zhao)
    found = client.get("/ledger/receivables/")
    assert found.context["is_more"]
    assert not found.context["sums"]
    asked = client.get(found.context["totals_url"])
    assert (asked.context["count"], str(asked.context["sums"]["due"])) == (1, "50000.00")
