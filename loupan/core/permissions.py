"""What may be done with every list, whatever it shows."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SHARE_VIEWS = "core.share_views"
PERMISSIONS: dict[str, str | Promise] = {
    SHARE_VIEWS: _("Share views of lists with the project"),
}
