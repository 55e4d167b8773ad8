"""Scans that prove what discounts of a deal were granted for: kept, opened, taken away (DSC-04)."""

from datetime import datetime

from loupan.core import audit
from loupan.core.crypto import seal, unseal
from loupan.core.db import writes
from loupan.core.pictures import CleanScan
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.models import Deal, DiscountProof
from loupan.sales.queries.proofs import proven_discounts
from loupan.sales.states import DealStatus


@writes
def add_proof(
    *, deal_id: int, discount_id: int, filename: str, scan: CleanScan, by: User, at: datetime
) -> DiscountProof:
    """Keep a scan with the deal, sealed. Raises NoProofAskedFor, TooManyProofs."""
    deal = Deal.objects.locked().get(pk=deal_id)
    require(by, "sales.keep_proofs", deal.project_id)
    if discount_id not in {row.discount_id for row in proven_discounts(deal)}:
        raise errors.NoProofAskedFor
    if DiscountProof.objects.filter(deal=deal).count() >= DiscountProof.MOST:
        raise errors.TooManyProofs(most=DiscountProof.MOST)
    proof = DiscountProof.objects.create(
        deal=deal,
        discount_id=discount_id,
        filename=filename.strip()[-120:] or "proof",
        media_type=scan.media_type,
        content=seal(scan.content),
        size=len(scan.content),
        by=by,
        at=at,
    )
    audit.record("sales.deal.proof_added", deal, by=by, at=at, filename=proof.filename)
    return proof


@writes
def open_proof(*, proof_id: int, by: User, at: datetime) -> CleanScan:
    """The scan as it was kept; every look is written down (DOMAIN 4.4)."""
    proof = DiscountProof.objects.select_related("deal").get(pk=proof_id)
    require(by, "sales.keep_proofs", proof.deal.project_id)
    audit.record("sales.deal.proof_opened", proof.deal, by=by, at=at, filename=proof.filename)
    return CleanScan(unseal(bytes(proof.content)), proof.media_type)


@writes
def remove_proof(*, proof_id: int, by: User, at: datetime) -> Deal:
    """Take a scan away while the deal is reserved. Raises ProofStays."""
    deal_id = DiscountProof.objects.values_list("deal_id", flat=True).get(pk=proof_id)
    deal = Deal.objects.locked().get(pk=deal_id)
    require(by, "sales.keep_proofs", deal.project_id)
    if deal.status != DealStatus.RESERVED:
        raise errors.ProofStays
    proof = DiscountProof.objects.get(pk=proof_id)
    audit.record("sales.deal.proof_removed", deal, by=by, at=at, filename=proof.filename)
    proof.delete()
    return deal
