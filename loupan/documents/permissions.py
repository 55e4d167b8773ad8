"""What the documents floor lets people do."""

from django.utils.translation import gettext_lazy as _

PERMISSIONS = {
    "documents.print": _("Print papers"),
    "documents.edit_templates": _("Edit Word templates"),
}
