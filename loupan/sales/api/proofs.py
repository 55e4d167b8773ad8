"""The scans behind a deal's discounts, over the API (DSC-04)."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from loupan.core.pictures import MOST_BYTES, clean_scan
from loupan.core.rest import ERRORS, ApiRequest, Id
from loupan.org.permissions import require
from loupan.sales.actions import proofs
from loupan.sales.models import Deal, DiscountProof
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.proofs import proofs_for

router = Router(tags=["sales"])


class ProofOut(Schema):
    id: int
    discount_id: int
    filename: str
    media_type: str
    size: int
    by: str
    at: datetime


class ProofsOut(Schema):
    items: list[ProofOut]


def _shown(proof: DiscountProof) -> dict[str, Any]:
    names = ("id", "discount_id", "filename", "media_type", "size", "at")
    return {**{name: getattr(proof, name) for name in names}, "by": str(proof.by)}


def _deal(request: ApiRequest, deal_id: int) -> Deal:
    require(request.user, "sales.read")
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)
    require(request.user, "sales.keep_proofs", deal.project_id)
    return deal


def _proof(request: ApiRequest, proof_id: int) -> DiscountProof:
    require(request.user, "sales.read")
    found = get_object_or_404(proofs_for(request.user), pk=proof_id)
    require(request.user, "sales.keep_proofs", found.deal.project_id)
    return found


@router.get(
    "deals/{deal_id}/proofs/", response={200: ProofsOut, **ERRORS}, summary="Proofs of a deal"
)
def proof_list(request: ApiRequest, deal_id: Id) -> Any:
    """What is kept, without the scans themselves; a deal has at most six."""
    deal = _deal(request, deal_id)
    return {"items": [_shown(row) for row in proofs_for(request.user).filter(deal=deal)]}


@router.post(
    "deals/{deal_id}/proofs/", response={201: ProofOut, **ERRORS}, summary="Add a proof to a deal"
)
def proof_new(
    request: ApiRequest, deal_id: Id, file: File[UploadedFile], discount_id: Form[Id]
) -> Any:
    """A JPEG, PNG, WebP or PDF of up to 10 MB for a discount that was granted on a proof."""
    deal = _deal(request, deal_id)
    made = proofs.add_proof(
        deal_id=deal.pk,
        discount_id=discount_id,
        filename=file.name or "proof",
        scan=clean_scan(file.read(MOST_BYTES + 1)),
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, _shown(made))


@router.post("proofs/{proof_id}/opening/", response={200: None, **ERRORS}, summary="Open a proof")
def proof_opening(request: ApiRequest, proof_id: Id) -> HttpResponse:
    """The scan itself; every look is written down in the history of the deal."""
    found = _proof(request, proof_id)
    scan = proofs.open_proof(proof_id=found.pk, by=request.user, at=timezone.now())
    answer = HttpResponse(scan.content, content_type=scan.media_type)
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=found.filename
    )
    answer["Cache-Control"] = "no-store"
    return answer


@router.delete("proofs/{proof_id}/", response={204: None, **ERRORS}, summary="Remove a proof")
def proof_removal(request: ApiRequest, proof_id: Id) -> Any:
    """While the deal is reserved; later what proves its price stays."""
    found = _proof(request, proof_id)
    proofs.remove_proof(proof_id=found.pk, by=request.user, at=timezone.now())
    return Status(204, None)
