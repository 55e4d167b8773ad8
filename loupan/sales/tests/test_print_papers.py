"""Papers of a deal and its receipts: what stands on them, who may print, which copy it is."""

import io
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
import time_machine

from loupan.documents.models import Printing
from loupan.inventory.testing import a_unit
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.org.testing import a_project, signed_in, token_for
from loupan.sales.models import Deal
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db
ID_NUMBER = "11010519491231002X"


@pytest.fixture
def office() -> Office:
    return an_office(a_project("海成·云麓", code="HC"))


@pytest.fixture
def deal(office: Office) -> Deal:
    buyer = a_buyer(office, name="陈晓雨", id_number=ID_NUMBER, phone="13800138000")
    return a_reservation(office, unit=a_unit(office.project), buyers=[buyer]).deal


def file_of(user: User, address: str, status: int = 200) -> bytes:
    with time_machine.travel("2025-03-16T12:00:00+08:00", tick=False):
        answer = signed_in(user).get(address)
    assert answer.status_code == status, answer.content[:300]
    content: bytes = answer.content
    return content


def pdf_text(content: bytes, folder: Path) -> str:
    assert content.startswith(b"%PDF-")
    assert b"/FontFile" in content  # Embedded: the paper looks the same everywhere.
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not on this machine")
    source = folder / "paper.pdf"
    source.write_bytes(content)
    done = subprocess.run(
        [reader, "-layout", source, "-"], capture_output=True, check=True, text=True
    )
    return re.sub(r"[ \n\f]+", " ", done.stdout)


def docx_text(content: bytes) -> str:
    with ZipFile(io.BytesIO(content)) as archive:
        return re.sub(r"<[^>]+>", " ", archive.read("word/document.xml").decode())


def test_the_agreement_names_the_buyers_and_the_price_in_capitals(
    office: Office, deal: Deal, tmp_path: Path
) -> None:
    address = f"/sales/deals/{deal.pk}/papers/reservation_agreement.pdf"
    text = pdf_text(file_of(office.lin, address), tmp_path)
    for wanted in (
        "商品房认购书", "HC-RG2025-0001", "陈晓雨", "1-1-1803", "1,459,160.00",
        "壹佰肆拾伍万玖仟壹佰陆拾元整", "伍万元整", "2025-03-15", "389,160.00", "海成集团",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert "副本" not in text
    again = pdf_text(file_of(office.lin, address), tmp_path).replace(" ", "")
    assert "副本第2份" in again


def test_whole_id_numbers_are_printed_by_those_who_sign_or_reveal(
    office: Office, deal: Deal, tmp_path: Path
) -> None:
    address = f"/sales/deals/{deal.pk}/papers/reservation_agreement.pdf"
    assert ID_NUMBER not in pdf_text(file_of(office.lin, address), tmp_path)
    assert "110105********002X" in pdf_text(file_of(office.lin, address), tmp_path)
    assert ID_NUMBER in pdf_text(file_of(office.cast.cs, address), tmp_path)
    cashier = pdf_text(file_of(office.zhao, address), tmp_path)
    assert ID_NUMBER not in cashier
    assert "13800138000" not in cashier


def test_the_word_file_is_filled_in_and_a_name_is_no_command(office: Office) -> None:
    buyer = a_buyer(office, name="{{ 7*7 }}<w:t>甲&乙", phone="13800138001")
    deal = a_reservation(office, unit=a_unit(office.project), buyers=[buyer]).deal
    a_contract(office, deal.reservation, terms="车位另议 {{ unit }}")
    text = docx_text(file_of(office.cast.cs, f"/sales/deals/{deal.pk}/papers/contract.docx"))
    for wanted in ("商品房买卖合同", "HC-HT2025-0001", "1,459,160.00", "1,020,000.00", "{{ 7*7 }}"):
        assert wanted in text, wanted
    assert "49" not in re.findall(r"{{.*?}}|\b49\b", text)


def test_the_contract_carries_its_terms(office: Office, deal: Deal, tmp_path: Path) -> None:
    a_contract(office, deal.reservation, at=SIGNED_AT, terms="车位另议")
    address = f"/sales/deals/{deal.pk}/papers/contract.pdf"
    text = pdf_text(file_of(office.cast.cs, address), tmp_path)
    for wanted in ("车位另议", ID_NUMBER, "HC-HT2025-0001", "2025-03-15", "2025-03-22"):
        assert wanted in text, wanted


def test_a_receipt_says_its_amount_in_capitals(office: Office, deal: Deal, tmp_path: Path) -> None:
    odd = a_receipt(office, deal, amount="1234.05", at=RESERVED_AT)
    text = pdf_text(file_of(office.zhao, f"/sales/receipts/{odd.pk}/paper.pdf"), tmp_path)
    for wanted in ("收据", odd.number, "壹仟贰佰叁拾肆元零伍分", "陈晓雨", "首付款", "赵敏"):
        assert wanted in text, wanted
    word = docx_text(file_of(office.zhao, f"/sales/receipts/{odd.pk}/paper.docx"))
    assert "1,234.05" in word
    copies = Printing.objects.filter(subject_type="ledger.receipt", subject_id=odd.pk)
    assert list(copies.order_by("id").values_list("copy_no", "form")) == [(1, "pdf"), (2, "docx")]
    assert Receipt.objects.get(pk=odd.pk).amount == Decimal("1234.05")


def test_papers_are_not_for_everybody(office: Office, deal: Deal) -> None:
    receipt = Receipt.objects.get()
    for address in (
        f"/sales/deals/{deal.pk}/papers/reservation_agreement.pdf",
        f"/sales/receipts/{receipt.pk}/paper.pdf",
    ):
        assert signed_in(office.cast.wei).get(address).status_code == 404
        assert signed_in(office.cast.ad).get(address).status_code in {403, 404}
    assert not Printing.objects.exists()


def test_the_draft_is_marked_and_counts_as_no_copy(office: Office, tmp_path: Path) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    query = f"buyer={buyer.pk}&share=100&plan={office.prices.plan.pk}"
    with time_machine.travel("2025-03-08T12:00:00+08:00", tick=False):
        address = f"/sales/units/{unit.pk}/reservation/preview.pdf?{query}"
        answer = signed_in(office.lin).get(address)
    assert "草稿" in pdf_text(answer.content, tmp_path)
    assert not Printing.objects.exists()


def test_papers_come_over_the_api(office: Office, deal: Deal) -> None:
    def call(user: User, query: str) -> tuple[int, bytes]:
        bearer = {"Authorization": f"Bearer {token_for(user)}"}
        address = f"/api/v1/deals/{deal.pk}/papers/{query}"
        answer = signed_in(user).get(address, headers=bearer)
        return answer.status_code, answer.content

    status, content = call(office.lin, "reservation_agreement/?form=pdf")
    assert (status, content[:5]) == (200, b"%PDF-")
    status, content = call(office.lin, "reservation_agreement/?form=docx")
    assert (status, content[:2]) == (200, b"PK")
    assert call(office.lin, "contract/")[0] == 404
    assert call(office.lin, "contract/?form=exe")[0] == 422
    assert call(office.lin, "payslip/")[0] == 422
    assert call(office.cast.wei, "reservation_agreement/")[0] == 404
