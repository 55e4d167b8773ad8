"""Life-cycle class and grade of a customer (CUS-10, CUS-26), and kinds of papers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomerClass(models.TextChoices):
    """Moved by events only, never backwards by hand."""

    POTENTIAL = "potential", _("Potential")
    INTENTIONAL = "intention", _("Intentional")
    RESERVED = "reserved", _("Reserved")
    CONTRACTED = "contracted", _("Contracted")
    OWNER = "owner", _("Owner")
    RESIDENT = "resident", _("Resident")
    LOST = "lost", _("Lost")


class Grade(models.TextChoices):
    A = "A", _("A · will reserve within 7 days")
    B = "B", _("B · will reserve within 30 days")
    C = "C", _("C · interested")
    D = "D", _("D · unlikely")


class IdType(models.TextChoices):
    """The paper an ID number stands on; of companies the credit code, whatever this says."""

    ID_CARD = "id_card", _("ID card")
    PASSPORT = "passport", _("Passport")
    HK_MACAU_PERMIT = "hk_macau_permit", _("Hong Kong and Macau permit")
    TAIWAN_PERMIT = "taiwan_permit", _("Taiwan permit")
    MILITARY = "military", _("Military ID")
    OTHER = "other", _("Other paper")


PROGRESS = [
    CustomerClass.LOST,
    CustomerClass.POTENTIAL,
    CustomerClass.INTENTIONAL,
    CustomerClass.RESERVED,
    CustomerClass.CONTRACTED,
    CustomerClass.OWNER,
    CustomerClass.RESIDENT,
]
