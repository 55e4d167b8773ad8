"""What stands at the head of a company's papers (ORG-01)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.pictures import CleanPicture
from loupan.core.refusals import ChangedMeanwhile
from loupan.org import queries
from loupan.org.models import Letterhead, User
from loupan.org.permissions import require


@writes
def set_letterhead(
    *,
    company_id: int,
    line: str,
    logo: CleanPicture | None = None,
    keeps_logo: bool = True,
    version: int,
    by: User,
    at: datetime,
) -> Letterhead:
    """Say the line under a company's name and its logo, for the papers of all its projects.

    Without a new logo the old one stays, unless it is taken off.  Raises ChangedMeanwhile,
    PermissionDenied.
    """
    require(by, "org.manage")
    if not queries.companies_managed_by(by).filter(pk=company_id).exists():
        raise PermissionDenied("org.manage")
    made, _is_new = Letterhead.objects.get_or_create(company_id=company_id)
    row = Letterhead.objects.locked().select_related("company").get(pk=made.pk)
    if row.version != version:
        raise ChangedMeanwhile
    before = {"line": row.line, "logo": bool(row.logo)}
    row.line, row.version = line, version + 1
    if logo is not None:
        row.logo, row.media_type = logo.thumbnail, logo.media_type
    elif not keeps_logo:
        row.logo, row.media_type = None, ""
    row.save(update_fields=["line", "logo", "media_type", "version"])
    after = {"line": row.line, "logo": bool(row.logo)}
    was, now = audit.differences(before, after)
    audit.record(
        "org.letterhead.changed", row.company, by=by, at=at, before=was, after=now,
        is_new_logo=logo is not None,
    )  # fmt: skip
    return row
