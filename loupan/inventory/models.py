"""What is sold: zones, buildings, entrances, layouts, units, and how files of them came in."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager
from loupan.core.money import AreaField, MoneyField, UnitPriceField
from loupan.inventory.states import UnitStatus
from loupan.org.models import PriceBasis, Project


class Zone(models.Model):
    """A part or phase of a project (小区/区域/期)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["project_id", "code", "id"]
        verbose_name = _("Zone")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="zone_code_once_per_project")
        ]

    def __str__(self) -> str:
        return self.name


class PresalePermit(models.Model):
    """The government's permission to sell a building: pre-sale permit or completed-sale record (L-01)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("Permit number"), max_length=60)
    issued_on = models.DateField(_("Issued on"))
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)
    is_completed_sale = models.BooleanField(_("Completed-sale record"), default=False)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["project_id", "issued_on", "id"]
        verbose_name = _("Pre-sale permit")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="permit_number_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Building(models.Model):
    """A tower or a block of the project (大楼/片区)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, null=True, blank=True, related_name="buildings"
    )
    permit = models.ForeignKey(
        PresalePermit, on_delete=models.PROTECT, null=True, blank=True, related_name="buildings"
    )
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    sort = models.PositiveIntegerField(_("Order"), default=0)
    is_parking = models.BooleanField(_("Parking or storage"), default=False)
    completes_on = models.DateField(_("Completion date"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["project_id", "sort", "id"]
        verbose_name = _("Building")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code"], name="building_code_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Entrance(models.Model):
    """A section of a building with its own stairs (单元); never called a unit."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="entrances")
    code = models.CharField(_("Code"), max_length=20, blank=True)
    name = models.CharField(_("Name"), max_length=60, blank=True)
    sort = models.PositiveIntegerField(_("Order"), default=0)

    class Meta:
        ordering = ["building_id", "sort", "id"]
        verbose_name = _("Entrance")
        constraints = [
            models.UniqueConstraint(
                fields=["building", "code"], name="entrance_code_once_per_building"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.code


class Layout(models.Model):
    """A plan type that units refer to (户型)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    rooms = models.CharField(_("Rooms"), max_length=40, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["project_id", "code", "id"]
        verbose_name = _("Layout")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="layout_code_once_per_project")
        ]

    def __str__(self) -> str:
        return self.name


class ProductType(models.TextChoices):
    FLAT = "flat", _("Flat")
    VILLA = "villa", _("Villa")
    SHOP = "shop", _("Shop")
    OFFICE = "office", _("Office")
    PARKING = "parking", _("Parking stall")
    STORAGE = "storage", _("Storage unit")


class Orientation(models.TextChoices):
    UNKNOWN = "", _("Not given")
    S = "S", _("South")
    SE = "SE", _("South-east")
    SW = "SW", _("South-west")
    E = "E", _("East")
    W = "W", _("West")
    N = "N", _("North")
    NE = "NE", _("North-east")
    NW = "NW", _("North-west")
    NS = "NS", _("North and south")


class Unit(models.Model):
    """One saleable object (房间/房源): flat, shop, parking stall, storage room.

    The status is set by move_unit alone; price fields by the price actions alone.  `number` is the
    full number within the project ("1-1-1803"), `room_no` what stands on the door ("1803").
    """

    # No index of their own: each is the first column of one below.
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    building = models.ForeignKey(
        Building, on_delete=models.PROTECT, related_name="units", db_index=False
    )
    entrance = models.ForeignKey(
        Entrance, on_delete=models.PROTECT, related_name="units", db_index=False
    )
    layout = models.ForeignKey(
        Layout, on_delete=models.PROTECT, null=True, blank=True, related_name="units"
    )
    number = models.CharField(_("Number"), max_length=60)
    room_no = models.CharField(_("Room number"), max_length=30)
    floor_no = models.SmallIntegerField(_("Floor"))
    floors_spanned = models.PositiveSmallIntegerField(_("Floors spanned"), default=1)
    position = models.PositiveSmallIntegerField(_("Position"))
    product_type = models.CharField(
        _("Product type"), max_length=8, choices=ProductType, default=ProductType.FLAT
    )
    orientation = models.CharField(
        _("Orientation"), max_length=2, choices=Orientation, default="", blank=True
    )
    view = models.CharField(_("View"), max_length=40, blank=True)

    predicted_built_area = AreaField(_("Predicted built area"), null=True, blank=True)
    predicted_inner_area = AreaField(_("Predicted inner area"), null=True, blank=True)
    measured_built_area = AreaField(_("Measured built area"), null=True, blank=True)
    measured_inner_area = AreaField(_("Measured inner area"), null=True, blank=True)

    price_basis = models.CharField(
        _("Price basis"), max_length=5, choices=PriceBasis, default=PriceBasis.BUILT
    )
    list_unit_price = UnitPriceField(_("List unit price"), null=True, blank=True)
    list_total = MoneyField(_("List total"), null=True, blank=True)
    floor_unit_price = UnitPriceField(_("Floor unit price"), null=True, blank=True)
    floor_total = MoneyField(_("Floor total"), null=True, blank=True)
    filed_unit_price = UnitPriceField(_("Filed unit price"), null=True, blank=True)
    filed_total = MoneyField(_("Filed total"), null=True, blank=True)
    # How the list total came about: basis, order, inputs, rounding (HOUSE 3.11, X-01).
    price_trace = models.JSONField(default=list, blank=True)

    status = models.CharField(
        _("Status"), max_length=12, choices=UnitStatus, default=UnitStatus.NOT_RELEASED
    )
    is_encumbered = models.BooleanField(_("Encumbered"), default=False)
    is_sealed = models.BooleanField(_("Sealed by court"), default=False)
    is_show_flat = models.BooleanField(_("Show flat"), default=False)
    first_released_on = models.DateField(_("First released on"), null=True, blank=True)
    # What a claim shows on the board without asking the sales floor: until when, by whom.
    claim_until = models.DateTimeField(null=True, blank=True)
    claim_label = models.CharField(max_length=60, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Unit")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="unit_number_once_per_project"
            ),
            models.UniqueConstraint(
                fields=["entrance", "floor_no", "position"], name="unit_place_once_per_entrance"
            ),
            models.CheckConstraint(
                condition=Q(list_total__isnull=True) | Q(list_total__gte=0),
                name="unit_list_total_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(predicted_built_area__isnull=True) | Q(predicted_built_area__gt=0),
                name="unit_built_area_positive",
            ),
            models.CheckConstraint(
                condition=Q(predicted_inner_area__isnull=True)
                | Q(predicted_built_area__isnull=True)
                | Q(predicted_inner_area__lte=F("predicted_built_area")),
                name="unit_inner_area_within_built",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "status"], name="unit_project_status"),
            models.Index(
                fields=["building", "entrance", "floor_no", "position"], name="unit_board_order"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def built_area(self) -> Decimal | None:
        """The area that counts: measured where it is known, predicted before."""
        area: Decimal | None = self.measured_built_area or self.predicted_built_area
        return area

    @property
    def inner_area(self) -> Decimal | None:
        area: Decimal | None = self.measured_inner_area or self.predicted_inner_area
        return area


class UnitChange(models.Model):
    """One change that the board shows: a status move (U-10), a price, an area. Append-only.

    Its id is the version of the board: `?since=` gives the units with later changes.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The change outlives the unit: a unit of an undone import goes, what happened stays.
    unit = models.ForeignKey(
        Unit,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="changes",
    )
    verb = models.CharField(max_length=40)
    from_status = models.CharField(max_length=12)
    to_status = models.CharField(max_length=12)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    post_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], name="unit_change_board"),
            models.Index(fields=["project", "at"], name="unit_change_recent"),
            models.Index(fields=["unit", "id"], name="unit_change_history"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.verb}"


class ImportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DRY_RUN = "dry_run", _("Dry run")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    UNDONE = "undone", _("Undone")


class UnitImport(models.Model):
    """A file of units that somebody brought in, with what it did to each row, so that it can be undone."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=200)
    content = models.BinaryField()
    mapping = models.JSONField(default=dict)
    is_dry_run = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.WAITING)
    message = models.TextField(blank=True)
    # How the file was understood: layout, encoding, header row, columns found and left over.
    understood = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = LockingManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.filename


class UnitImportRow(models.Model):
    """What an import did to one unit: created it, or changed fields from old to new."""

    batch = models.ForeignKey(UnitImport, on_delete=models.CASCADE, related_name="rows")
    row_number = models.PositiveIntegerField()
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10)  # created, updated, unchanged
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["row_number", "id"]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"
