"""Long work on customers, done by the worker."""

from django_tasks import task

from loupan.customers import spreadsheets
from loupan.org.models import User


@task()
def run_customers_import(import_id: int, user_id: int) -> None:
    """Try or carry out a received file of customers; its progress is read from the import itself."""
    by = User.objects.get(pk=user_id)
    by.source = "job"
    spreadsheets.carry_out(import_id, by=by)
