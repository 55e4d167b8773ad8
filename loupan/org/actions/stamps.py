"""The stamp that tells whether remembered access is still right (Note [Remembered access])."""

import secrets

from loupan.core.db import writes
from loupan.org.models import AccessStamp


@writes
def renew_access_stamp() -> None:
    """Part: call it in every change of who may do what, or of where that reaches."""
    AccessStamp.objects.update_or_create(pk=1, defaults={"stamp": secrets.token_hex(16)})
