"""Every "no" of the documents floor."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class TemplateBroken(Refusal):
    message = _(
        "The Word template cannot be filled in: %(problem)s. Correct it and upload it again."
    )
    field = "file"


class TemplateTooLarge(Refusal):
    message = _("The template is larger than %(megabytes)s MB. Use smaller pictures.")
    field = "file"


class ChineseFontsMissing(Refusal):
    message = _(
        "No Chinese fonts were found, so paper cannot be printed. Install Noto Sans CJK, or put"
        " its files into %(folder)s."
    )
