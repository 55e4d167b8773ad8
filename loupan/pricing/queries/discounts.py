"""Discounts and what is left of their quotas."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from loupan.org.models import User
from loupan.pricing.models import Discount
from loupan.pricing.queries.reach import within_reach


def discounts_for(viewer: User, project_id: int | None = None) -> QuerySet[Discount]:
    """Discounts of the projects this person prices in."""
    return Discount.objects.filter(within_reach(viewer, project_id)).order_by(
        "project_id", "-is_enabled", "order", "id"
    )


def quota_left(discount_ids: Iterable[int]) -> dict[int, int]:
    """How often limited discounts can still be granted, by id."""
    rows = Discount.objects.filter(pk__in=list(discount_ids), quota__isnull=False)
    return dict(rows.values_list("pk", F("quota") - F("used")))
