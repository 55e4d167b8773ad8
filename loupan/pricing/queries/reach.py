"""Which rows of pricing a person may read."""

from django.db.models import Q

from loupan.org.models import User


def within_reach(viewer: User, project_id: int | None) -> Q:
    reach = Q(project_id__in=viewer.acts_in("pricing.read"))
    return reach & Q(project_id=project_id) if project_id is not None else reach
