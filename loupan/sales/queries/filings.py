"""Requests to un-file within reach, and those that wait for one's own confirmation."""

from django.db.models import QuerySet

from loupan.org.models import User
from loupan.sales.models import Unfiling
from loupan.sales.states import UnfilingStatus


def unfilings_for(viewer: User) -> QuerySet[Unfiling]:
    """Requests to un-file deals this person may see, newest first."""
    return (
        Unfiling.objects.filter(
            viewer.access.rows(
                "deals", project="filing__project_id", owner="filing__deal__consultant_id"
            )
        )
        .select_related("filing__deal__unit", "asked_by")
        .prefetch_related("confirmations__by")
        .order_by("-pk")
    )


def unfilings_waiting_for(viewer: User) -> QuerySet[Unfiling]:
    """Open requests that this person did not ask for and has not confirmed, oldest first."""
    return (
        unfilings_for(viewer)
        .filter(status=UnfilingStatus.OPEN)
        .exclude(asked_by=viewer)
        .exclude(confirmations__by=viewer)
        .order_by("pk")
    )
