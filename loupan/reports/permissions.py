"""What the reports floor lets people do."""

from django.utils.translation import gettext_lazy as _

PERMISSIONS = {
    "reports.read": _("Read reports"),
    "reports.export": _("Export reports"),
}
