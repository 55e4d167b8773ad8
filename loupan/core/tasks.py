"""Long work on lists, done by the worker."""

from django.contrib.auth import get_user_model
from django.urls import get_resolver
from django.utils import translation
from django_tasks import task

from loupan.core.models import BulkRun
from loupan.core.verbs import carry_out


@task()
def run_bulk(run_id: int, user_id: int) -> None:
    """Do a verb to the rows of a run, or go on where it stopped; its progress is read from the run."""
    _ = get_resolver().url_patterns  # The lists declare their verbs when their addresses are read.
    by = get_user_model().objects.get(pk=user_id)
    by.source = "job"
    with translation.override(getattr(by, "language", None) or translation.get_language()):
        carry_out(BulkRun.objects.get(pk=run_id), by=by)
