"""Long work on property, done by the worker."""

from django.utils import timezone
from django_tasks import task

from loupan.core.refusals import Refusal
from loupan.inventory import spreadsheets
from loupan.inventory.actions.control_plans import carry_out_plan
from loupan.inventory.actions.units import expire_withholding
from loupan.inventory.queries.control import due_control_plans, over_withholdings
from loupan.org.models import User


@task()
def run_units_import(import_id: int, user_id: int) -> None:
    """Try or carry out a received file of units; its progress is read from the import itself."""
    by = User.objects.get(pk=user_id)
    by.source = "job"
    spreadsheets.carry_out(import_id, by=by)


def run_due_control_plans() -> int:
    """Carry out every planned step whose moment has come, each for itself. How many ran."""
    ran = 0
    for plan_id in due_control_plans(timezone.now()):
        try:
            ran += carry_out_plan(plan_id=plan_id, by=None, at=timezone.now())
        except Refusal:  # Somebody is working on those units right now: the next run tries again.
            continue
    return ran


def end_over_withholdings() -> int:
    """Offer every unit again whose time of withholding is over. How many moved."""
    moved = 0
    for withholding_id in over_withholdings(timezone.now()):
        try:
            moved += expire_withholding(withholding_id=withholding_id, by=None, at=timezone.now())
        except Refusal:
            continue
    return moved
