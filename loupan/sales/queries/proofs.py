"""The scans behind discounts of deals within reach."""

from django.db.models import QuerySet

from loupan.org.models import User
from loupan.sales.models import Deal, DealDiscount, DiscountProof


def proofs_for(viewer: User) -> QuerySet[DiscountProof]:
    """Scans of the deals this person may see, without their content."""
    return (
        DiscountProof.objects.filter(
            viewer.access.rows("deals", project="deal__project_id", owner="deal__consultant_id")
        )
        .select_related("deal__unit", "discount", "by")
        .defer("content")
        .order_by("pk")
    )


def proven_discounts(deal: Deal) -> list[DealDiscount]:
    """The discounts of a deal that were granted on a proof."""
    rows = deal.discounts.exclude(proof="").exclude(discount=None)
    return list(rows.order_by("seq", "id"))
