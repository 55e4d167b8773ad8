"""Every "no" of the property side, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class PermitMissing(Refusal):
    message = _(
        "Unit %(unit)s has no pre-sale permit valid on %(day)s. Enter the permit of its building first."
    )


class UnitSealed(Refusal):
    message = _("Unit %(unit)s is sealed by a court. Nothing can be sold until the seal is lifted.")


class ListPriceMissing(Refusal):
    message = _("Unit %(unit)s has no list price. Set its list price first.")


class FloorPriceMissing(Refusal):
    message = _("Unit %(unit)s has no floor price. Set its floor price first.")


class AreaMissing(Refusal):
    message = _("Unit %(unit)s has no area. Enter its area first.")


class ReasonMissing(Refusal):
    message = _("Say why: a reason is needed for this step.")
    field = "reason"
