"""Scans behind the discounts of a deal: sealed, bounded, opened by few, every look written down."""

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from loupan.core.models import AuditEvent
from loupan.core.pictures import MOST_BYTES, CleanScan, NotAScan, PictureTooBig, clean_scan
from loupan.org.testing import a_user, signed_in, token_for
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.testing import NOON
from loupan.sales import errors
from loupan.sales.actions.proofs import add_proof, open_proof, remove_proof
from loupan.sales.models import Deal, DiscountProof
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_contract,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db

A_PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"


@pytest.fixture
def office() -> Office:
    office = an_office()
    save_discount(
        project_id=office.project.pk, discount_id=office.prices.member.pk,
        values={"needs_proof": True}, by=office.mo, at=NOON,
    )  # fmt: skip
    return office


@pytest.fixture
def deal(office: Office) -> Deal:
    return a_reservation(office, proof="会员证 0118").deal


def kept(office: Office, deal: Deal, **fields: Any) -> DiscountProof:
    given = {
        "discount_id": office.prices.member.pk, "filename": "会员证.pdf",
        "scan": CleanScan(A_PDF, "application/pdf"), "by": office.lin, "at": RESERVED_AT,
    }  # fmt: skip
    return add_proof(deal_id=deal.pk, **{**given, **fields})


def a_picture() -> bytes:
    target = BytesIO()
    Image.new("RGB", (20, 10), "red").save(target, "PNG")
    return target.getvalue()


def test_a_scan_is_kept_sealed_and_comes_back_as_it_was(office: Office, deal: Deal) -> None:
    proof = kept(office, deal)
    assert A_PDF not in bytes(DiscountProof.objects.get().content)
    assert proof.size == len(A_PDF)
    scan = open_proof(proof_id=proof.pk, by=office.lin, at=RESERVED_AT)
    assert scan == CleanScan(A_PDF, "application/pdf")
    told = AuditEvent.objects.filter(event__startswith="sales.deal.proof").order_by("pk")
    assert [event.event for event in told] == ["sales.deal.proof_added", "sales.deal.proof_opened"]
    assert told[1].by == office.lin


def test_a_picture_is_drawn_anew_and_what_is_neither_is_refused() -> None:
    scan = clean_scan(a_picture() + b"<script>")
    assert scan.media_type == "image/jpeg"
    assert b"<script>" not in scan.content
    for content in (b"", b"MZ\x90", b"%PDF-1.7 cut off", b"<html>%PDF-1.7 %%EOF"):
        with pytest.raises(NotAScan):
            clean_scan(content)
    with pytest.raises(PictureTooBig):
        clean_scan(b"%PDF-1.7" + b"0" * MOST_BYTES + b"%%EOF")


def test_only_a_discount_granted_on_a_proof_takes_a_scan(office: Office, deal: Deal) -> None:
    for discount_id in (office.prices.on_time.pk, 999_999):
        with pytest.raises(errors.NoProofAskedFor):
            kept(office, deal, discount_id=discount_id)
    for _number in range(DiscountProof.MOST):
        kept(office, deal)
    with pytest.raises(errors.TooManyProofs):
        kept(office, deal)


def test_who_may_not_keep_proofs_neither_adds_nor_opens_nor_removes(
    office: Office, deal: Deal
) -> None:
    proof, cashier = kept(office, deal), a_user("CA", office.project)
    with pytest.raises(PermissionDenied):
        kept(office, deal, by=cashier)
    with pytest.raises(PermissionDenied):
        open_proof(proof_id=proof.pk, by=cashier, at=RESERVED_AT)
    with pytest.raises(PermissionDenied):
        remove_proof(proof_id=proof.pk, by=cashier, at=RESERVED_AT)
    assert DiscountProof.objects.count() == 1


def test_a_proof_stays_once_the_contract_is_signed(office: Office) -> None:
    reservation = a_reservation(office, proof="会员证 0118", unit=another_unit(office))
    proof, other = kept(office, reservation.deal), kept(office, reservation.deal)
    remove_proof(proof_id=other.pk, by=office.lin, at=RESERVED_AT)
    a_contract(office, reservation)
    with pytest.raises(errors.ProofStays):
        remove_proof(proof_id=proof.pk, by=office.lin, at=RESERVED_AT)
    assert DiscountProof.objects.get() == proof


def test_the_deal_shows_its_proofs_to_whom_it_may(office: Office, deal: Deal) -> None:
    mine = signed_in(office.lin)
    address = f"/sales/deals/{deal.pk}/proofs/new/"
    assert address in mine.get(f"/sales/deals/{deal.pk}/").content.decode()
    file = SimpleUploadedFile("会员证.pdf", A_PDF)
    sent = mine.post(address, {"discount_id": office.prices.member.pk, "file": file})
    assert sent.status_code == 302, sent.content.decode()
    proof = DiscountProof.objects.get()
    assert "会员证.pdf" in mine.get(f"/sales/deals/{deal.pk}/").content.decode()
    opened = mine.post(f"/sales/proofs/{proof.pk}/opening/")
    assert opened.content == A_PDF
    assert opened["Content-Disposition"].startswith("attachment")
    assert opened["X-Content-Type-Options"] == "nosniff"
    assert mine.get(f"/sales/proofs/{proof.pk}/opening/").status_code == 405

    colleague = signed_in(a_user("SC", office.project))
    assert colleague.post(f"/sales/proofs/{proof.pk}/opening/").status_code == 404
    cashier = signed_in(a_user("CA", office.project))
    assert cashier.post(f"/sales/proofs/{proof.pk}/opening/").status_code == 403
    assert "会员证.pdf" not in cashier.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert mine.post(f"/sales/proofs/{proof.pk}/removal/").status_code == 302
    assert not DiscountProof.objects.exists()


@pytest.mark.parametrize("content", [b"", b"MZ", b"%PDF-"])
def test_a_file_that_is_no_scan_is_said_at_the_field(
    office: Office, deal: Deal, content: bytes
) -> None:
    answer = signed_in(office.lin).post(
        f"/sales/deals/{deal.pk}/proofs/new/",
        {"discount_id": office.prices.member.pk, "file": SimpleUploadedFile("a.pdf", content)},
    )
    assert answer.status_code == 422
    assert not DiscountProof.objects.exists()


def test_proofs_over_the_api(office: Office, deal: Deal) -> None:
    client, address = Client(), f"/api/v1/deals/{deal.pk}/proofs/"
    headers = {"Authorization": f"Bearer {token_for(office.lin)}"}

    def sent(content: bytes) -> Any:
        file = SimpleUploadedFile("会员证.pdf", content)
        data = {"file": file, "discount_id": office.prices.member.pk}
        return client.post(address, data, headers=headers)

    assert sent(b"nothing").json()["code"] == "not_a_scan"
    made = sent(A_PDF)
    assert made.status_code == 201, made.content
    [row] = client.get(address, headers=headers).json()["items"]
    assert (row["filename"], row["size"]) == ("会员证.pdf", len(A_PDF))
    opened = client.post(f"/api/v1/proofs/{row['id']}/opening/", headers=headers)
    assert (opened.status_code, opened.content) == (200, A_PDF)
    assert client.delete(f"/api/v1/proofs/{row['id']}/", headers=headers).status_code == 204
    assert client.get(address, headers=headers).json()["items"] == []
