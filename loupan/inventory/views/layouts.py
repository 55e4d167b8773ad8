"""Layouts with rooms, areas, pictures and what to say of them (INV-08); pictures as files."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions.pictures import add_layout_picture, remove_layout_picture
from loupan.inventory.forms.pictures import LayoutPictureForm, sent
from loupan.inventory.models import Layout, LayoutPicture
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.plans import layout_figures, pictures_for, with_pictures
from loupan.inventory.queries.units import editable, layouts_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest


def _layout(request: DeskRequest, pk: int) -> Layout:
    return get_object_or_404(with_pictures(layouts_for(request.user)), pk=pk)


@require_GET
def layout(request: DeskRequest, pk: int) -> HttpResponse:
    found = _layout(request, pk)
    may_edit = request.user.may(EDIT_PROPERTY, found.project_id)
    context = {
        "layout": found,
        "figures": layout_figures(found),
        "points": _points(found),
        "may_edit": may_edit,
        "upload": LayoutPictureForm(),
        "crumbs": [{"label": _("Buildings"), "url": reverse("inventory:buildings")}],
        "verbs": [
            {
                "label": _("Edit"),
                "url": reverse("inventory:layout_edit", args=[pk]),
                "icon": "pencil",
                "key": "e",
            }
        ]
        if may_edit
        else [],
    }
    return render(request, "inventory/layout.html", context)


@require_GET
def layout_card(request: DeskRequest, pk: int) -> HttpResponse:
    """The drawing and the selling points, for panels of the floors above; empty where there are none."""
    found = _layout(request, pk)
    shown = list(found.pictures.all())
    context = {
        "layout": found,
        "drawing": shown[0] if shown else None,
        "points": _points(found),
    }
    return render(request, "inventory/_layout_card.html", context)


def _points(layout: Layout) -> list[str]:
    return [line for line in layout.selling_points.splitlines() if line.strip()]


@require_http_methods(["GET", "POST"])
def layout_picture_new(request: DeskRequest, pk: int) -> HttpResponse:
    found = _layout(request, pk)
    require(request.user, EDIT_PROPERTY, found.project_id)
    form = LayoutPictureForm(*sent(request))
    if form.is_valid():
        with refusals_on(form):
            add_layout_picture(layout_id=pk, **form.chosen(), by=request.user, at=timezone.now())
            messages.success(request, _("Picture added to %(layout)s") % {"layout": found})
            return redirect("inventory:layout", pk=pk)
    context = {
        "title": _("Add a picture"),
        "subtitle": found.name,
        "crumbs": [{"label": found.name, "url": reverse("inventory:layout", args=[pk])}],
    }
    return answer_form(request, "inventory/picture_form.html", context, form)


@require_POST
def layout_picture_delete(request: DeskRequest, pk: int) -> HttpResponse:
    rows = editable(
        LayoutPicture.objects.filter(layout__in=layouts_for(request.user)),
        request.user,
        "layout__project_id",
    )
    shown = get_object_or_404(rows, pk=pk)
    remove_layout_picture(layout_picture_id=shown.pk, by=request.user, at=timezone.now())
    messages.success(request, _("Picture removed"))
    return redirect("inventory:layout", pk=shown.layout_id)


@require_GET
def picture(request: DeskRequest, pk: int) -> HttpResponse:
    """The image itself, or small with `?small`; it never changes under its address."""
    is_small = "small" in request.GET
    rows = pictures_for(request.user).defer("content" if is_small else "thumbnail")
    found = get_object_or_404(rows, pk=pk)
    content = found.thumbnail if is_small else found.content
    answer = HttpResponse(bytes(content), content_type=found.media_type)
    answer["Cache-Control"] = "private, max-age=604800, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline"
    return answer
