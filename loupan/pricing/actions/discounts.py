"""Discounts as a project publishes them, and their quotas (DOMAIN 2.3.1)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.actions.policies import renew_stamp
from loupan.pricing.models import Discount

DISCOUNT_FIELDS = (
    "code",
    "name",
    "kind",
    "form",
    "amount_or_rate",
    "order",
    "items",
    "exclusive_group",
    "needs_proof",
    "is_for_signing_on_time",
    "is_enabled",
    "is_default",
    "valid_from",
    "valid_until",
    "quota",
    "product_types",
    "plan_codes",
    "buildings",
    "layouts",
    "unit_numbers",
    "per_person",
    "gift_name",
    "gift_cost",
)
_SHARES = {Discount.Form.RATE, Discount.Form.PERCENT_OFF}


@writes
def save_discount(
    *,
    project_id: int,
    values: Mapping[str, Any],
    by: User,
    at: datetime,
    discount_id: int | None = None,
    version: int | None = None,
) -> Discount:
    """Make or change a discount; `values` names fields of DISCOUNT_FIELDS. Deals keep their copy.

    Raises ChangedMeanwhile, CodeTaken, DiscountInvalid, QuotaBelowUsed, GiftWithoutName,
    ItemsOnlyOfSchemes, TooManyItems.
    """
    require(by, "pricing.edit_discounts", project_id)
    assert set(values) <= set(DISCOUNT_FIELDS), values
    row = Discount(project_id=project_id)
    if discount_id is not None:
        row = Discount.objects.locked().get(pk=discount_id, project_id=project_id)
        if version is not None and row.version != version:
            raise ChangedMeanwhile
    before = audit.snapshot(row, *values) if row.pk else {}
    for name, value in values.items():
        setattr(row, name, value)
    _ensure_sound(row)
    row.version += 1
    row.save()
    renew_stamp(project_id=project_id)
    before, after = audit.differences(before, values)
    audit.record("pricing.discount.saved", row, by=by, at=at, before=before, after=after)
    return row


def _ensure_sound(row: Discount) -> None:
    values = [(row.form, row.amount_or_rate)]
    values += [(each["form"], each["amount_or_rate"]) for each in row.items]
    if any(_is_wrong(form, Decimal(value)) for form, value in values):
        raise errors.DiscountInvalid
    if row.items and row.kind != Discount.Kind.PROMOTION:
        raise errors.ItemsOnlyOfSchemes
    if len(row.items) > Discount.MOST_ITEMS:
        raise errors.TooManyItems(most=Discount.MOST_ITEMS)
    if row.quota is not None and row.quota < row.used:
        raise errors.QuotaBelowUsed(used=row.used)
    if row.gift_cost and not row.gift_name:
        raise errors.GiftWithoutName
    same = Discount.objects.filter(project_id=row.project_id, code=row.code).exclude(pk=row.pk)
    if same.exists():
        raise errors.CodeTaken(code=row.code)


def _is_wrong(form: str, amount: Decimal) -> bool:
    too_much = form in _SHARES and amount > 1
    return amount < 0 or too_much or (form == Discount.Form.RATE and amount == 0)


@writes
def lock_quotas(*, discount_ids: Collection[int]) -> dict[int, int]:
    """Part: how often each limited discount can still be granted, held until the end."""
    rows = Discount.objects.locked().filter(pk__in=discount_ids, quota__isnull=False)
    return {row.pk: (row.quota or 0) - row.used for row in rows}


@writes
def take_quotas(*, discount_ids: Collection[int]) -> None:
    """Part: a deal was made with these discounts (2.3.1 c); the quotas are locked."""
    if discount_ids:
        Discount.objects.filter(pk__in=discount_ids).update(used=F("used") + 1)


@writes
def return_quotas(*, discount_ids: Collection[int]) -> None:
    """Part: a deal with these discounts ended before its contract."""
    if discount_ids:
        Discount.objects.filter(pk__in=discount_ids, quota__isnull=False).update(used=F("used") - 1)
