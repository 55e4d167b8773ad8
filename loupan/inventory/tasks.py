"""Long work on property, done by the worker."""

from django_tasks import task

from loupan.inventory import spreadsheets
from loupan.org.models import User


@task()
def run_units_import(import_id: int, user_id: int) -> None:
    """Try or carry out a received file of units; its progress is read from the import itself."""
    by = User.objects.get(pk=user_id)
    by.source = "job"
    spreadsheets.carry_out(import_id, by=by)
