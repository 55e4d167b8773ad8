"""The tags under the components of the UI kit: values as HTML, icons, attributes."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django import template
from django.forms import ModelChoiceField
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from loupan.core.formatting import (
    area_text,
    date_text,
    datetime_text,
    money_text,
    number_text,
    rate_text,
)
from loupan.core.typed import whole, wholes

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

register = template.Library()

EMPTY = SafeString('<span class="lp-none" aria-hidden="true">—</span>')


class Tone(NamedTuple):
    """A colour and the shape that says the same without it."""

    name: str
    icon: str


MEANINGS = {"neutral": "grey", "info": "blue", "ok": "green", "warn": "yellow", "danger": "red"}
TONES = (
    Tone("grey", icon="circle"),
    Tone("slate", icon="circle-minus"),
    Tone("green", icon="circle-check"),
    Tone("lime", icon="circle-plus"),
    Tone("straw", icon="clock"),
    Tone("yellow", icon="alert-triangle"),
    Tone("orange", icon="flag"),
    Tone("red", icon="alert-octagon"),
    Tone("maroon", icon="lock"),
    Tone("purple", icon="key"),
    Tone("blue", icon="info-circle"),
    Tone("cyan", icon="certificate"),
    Tone("black", icon="ban"),
)


class Light(NamedTuple):
    """A process light: its colour, its shape and its word."""

    name: str
    icon: str
    word: "StrPromise"


SHAPES = {tone.name: tone.icon for tone in TONES}


def _decimal(value: Any) -> Decimal | None:
    """Numbers come as Decimal, int or the text of an attribute; nothing is None or an empty text."""
    return None if value is None or value == "" else Decimal(str(value))


def _reader_unit(context: template.Context) -> str:
    request = context.get("request")
    return "wan" if request is not None and request.COOKIES.get("money") == "wan" else "yuan"


@register.simple_tag(takes_context=True)
def money(
    context: template.Context,
    value: Any,
    unit: str = "",
    sign: Any = None,
    strong: Any = None,
    currency: Any = None,
) -> SafeString:
    """An amount of yuan in the reader's unit, the exact amount kept in `value` and in the title."""
    amount = _decimal(value)
    if amount is None:
        return EMPTY
    unit = unit or _reader_unit(context)
    text = money_text(amount, unit=unit, signed=bool(sign))
    exact = money_text(amount)
    classes = "lp-money" + (" lp-strong" if strong else "") + (" lp-negative" if amount < 0 else "")
    symbol = SafeString('<span class="lp-unit">¥</span>') if currency else ""
    if unit == "wan":
        suffix = format_html('<span class="lp-unit">{}</span>', pgettext("amount", "wan"))
        return format_html(
            '<data class="{}" value="{}" title="¥{}">{}{} {}</data>',
            classes, amount, exact, symbol, text, suffix,
        )  # fmt: skip
    return format_html('<data class="{}" value="{}">{}{}</data>', classes, amount, symbol, text)


@register.simple_tag(takes_context=True)
def money_unit(context: template.Context) -> str:
    """What one unit of a money column is, for its heading."""
    return gettext("10k yuan") if _reader_unit(context) == "wan" else gettext("yuan")


@register.simple_tag
def area(value: Any, bare: Any = None, places: int = 2) -> SafeString:
    amount = _decimal(value)
    if amount is None:
        return EMPTY
    unit = "" if bare else SafeString(' <span class="lp-unit">m²</span>')
    return format_html(
        '<data class="lp-num" value="{}">{}{}</data>',
        amount,
        area_text(amount, places=int(places)),
        unit,
    )


@register.simple_tag
def rate(value: Any, places: int = 2, sign: Any = None) -> SafeString:
    amount = _decimal(value)
    if amount is None:
        return EMPTY
    text = rate_text(amount, places=int(places), signed=bool(sign))
    return format_html('<data class="lp-num" value="{}">{}</data>', amount, text)


@register.simple_tag
def number(value: Any, places: int = 0, sign: Any = None) -> SafeString:
    amount = _decimal(value)
    if amount is None:
        return EMPTY
    text = number_text(amount, places=int(places), signed=bool(sign))
    return format_html('<data class="lp-num" value="{}">{}</data>', amount, text)


@register.simple_tag
def day(value: date | str | None, weekday: Any = None) -> SafeString:
    if not isinstance(value, date):
        return EMPTY
    text = date_text(value)
    name = (
        format_html(' <span class="lp-muted">{}</span>', date_format(value, "D")) if weekday else ""
    )
    return format_html('<time class="lp-date" datetime="{}">{}{}</time>', text, text, name)


@register.simple_tag
def moment(value: datetime | str | None, seconds: Any = None, relative: Any = None) -> SafeString:
    if not isinstance(value, datetime):
        return EMPTY
    instant = value if timezone.is_aware(value) else timezone.make_aware(value)
    text = datetime_text(instant, seconds=bool(seconds))
    ago = (
        format_html(' <span class="lp-muted" data-ago="{}"></span>', instant.isoformat())
        if relative
        else ""
    )
    return format_html(
        '<time class="lp-date" datetime="{}">{}</time>{}', instant.isoformat(), text, ago
    )


@register.simple_tag
def icon(name: str, size: int | str = 20, label: str = "") -> SafeString:
    """An icon of the sprite; decorative unless it has a label."""
    role = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else SafeString('aria-hidden="true"')
    )
    return format_html(
        '<svg class="lp-icon" width="{}" height="{}" {} focusable="false">'
        '<use href="{}#tabler-{}"></use></svg>',
        size, size, role, static("vendor/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def list_steps(context: template.Context) -> dict[str, str]:
    """The addresses around a record opened from a list: the list, the record before and after."""
    request = context["request"]
    back, at = request.GET.get("in", ""), request.GET.get("at", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    if not is_ours or whole(at) is None:
        return {}
    glue = "&" if "?" in back else "?"
    steps = {way: f"{back}{glue}step={way}&at={at}" for way in ("previous", "next")}
    return {"back": back, **steps}


@register.filter
def tone(name: str) -> str:
    """The colour of a meaning: `warn` is yellow; a colour is itself; nothing is grey."""
    return MEANINGS.get(name, name) or "grey"


@register.filter
def tone_icon(name: str) -> str:
    """The shape that says the same as the colour."""
    return SHAPES.get(tone(name), "circle")


LIGHTS = {
    "grey": Light("grey", icon="circle-dashed", word=_("not yet")),
    "blue": Light("blue", icon="clock", word=_("due soon")),
    "green": Light("green", icon="circle-check", word=_("done")),
    "yellow": Light("yellow", icon="alert-triangle", word=_("late")),
    "red": Light("red", icon="alert-octagon", word=_("very late")),
}


@register.filter
def light_icon(color: str) -> str:
    """The shape of a process light."""
    return LIGHTS.get(tone(color), LIGHTS["grey"]).icon


@register.filter
def light_word(color: str) -> str:
    """What a process light says."""
    return str(LIGHTS.get(tone(color), LIGHTS["grey"]).word)


@register.filter
def button_class(name: str) -> str:
    """The class of a button of this tone."""
    return {"primary": "btn-primary", "danger": "btn-outline-danger", "ghost": "btn-ghost"}.get(
        name, ""
    )


@register.filter
def first_verbs(verbs: Sequence[Any], limit: int | str) -> Sequence[Any]:
    """The verbs that stand as buttons; the rest go into the menu."""
    return verbs[: int(limit)] if verbs else []


@register.filter
def other_verbs(verbs: Sequence[Any], limit: int | str) -> Sequence[Any]:
    return verbs[int(limit) :] if verbs else []


def _keep_only_chosen(bound: BoundField, field: ModelChoiceField[Any]) -> None:
    value = bound.value()
    typed = value if isinstance(value, list | tuple) else [value]
    keys = wholes([str(key) for key in typed])
    assert field.queryset is not None
    rows = field.queryset.filter(pk__in=keys) if keys else []
    chosen = [(row.pk, field.label_from_instance(row)) for row in rows]
    field.widget.choices = chosen if field.widget.allow_multiple_selected else [("", ""), *chosen]


@register.filter
def picker_widget(field: BoundField, url: str) -> SafeString:
    """The select of a form field, told where its choices are searched.

    Only what is chosen already is written into the page, never the whole table.
    """
    if isinstance(field.field, ModelChoiceField):
        _keep_only_chosen(field, field.field)
    attrs: dict[str, str | bool] = {
        "data-picker": url,
        "data-placeholder": gettext("Name, pinyin or phone tail"),
        "data-script": static("vendor/tom-select.min.js"),
        "data-style": static("vendor/tom-select.min.css"),
    }
    return field.as_widget(attrs=attrs)


@register.filter
def toast_tone(level: str) -> str:
    """The tone of one of Django's message levels."""
    return {"success": "ok", "warning": "warn", "error": "danger"}.get(level, "info")


@register.filter(name="money")
def money_filter(value: Any) -> str:
    return money_text(_decimal(value))


@register.filter(name="area")
def area_filter(value: Any) -> str:
    return area_text(_decimal(value))


@register.filter(name="rate")
def rate_filter(value: Any) -> str:
    return rate_text(_decimal(value))


@register.filter
def percent_of(value: Any, whole: Any) -> int:
    """The share of a bar that is full, 0 to 100."""
    total = _decimal(whole) or Decimal(100)
    return max(0, min(100, int((_decimal(value) or Decimal(0)) * 100 / total)))
