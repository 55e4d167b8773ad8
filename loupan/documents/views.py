"""Pages of the documents floor: the office's Word templates."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from loupan.core.ui import refusals_on
from loupan.documents import actions, queries
from loupan.documents.forms import TemplateForm
from loupan.documents.models import PaperKind
from loupan.documents.rules.papers import FORMS
from loupan.documents.rules.word import built_in, fields_of
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def templates(request: DeskRequest) -> HttpResponse:
    require(request.user, "documents.edit_templates")
    form = TemplateForm(request.POST or None, request.FILES or None, viewer=request.user)
    if form.is_valid():
        project = form.cleaned_data["project"]
        with refusals_on(form):
            actions.save_template(
                kind=form.cleaned_data["kind"],
                name=form.cleaned_data["name"],
                content=form.cleaned_data["file"].read(),
                company_id=project.company_id,
                project_id=project.pk,
                by=request.user,
                at=timezone.now(),
            )
            return redirect("documents:templates")
    context = {
        "form": form,
        "templates": queries.templates_for(request.user).select_related("project", "by"),
        "kinds": [(PaperKind(kind), fields_of(kind)) for kind in FORMS],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "documents/template_list.html", context, status=status)


def _word(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=DOCX)
    answer["Content-Disposition"] = f'attachment; filename="{name}.docx"'
    return answer


@require_safe
def template_file(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "documents.edit_templates")
    template = get_object_or_404(queries.templates_for(request.user), pk=pk)
    return _word(bytes(template.content), f"{template.kind}-{template.edition}")


@require_safe
def built_in_file(request: DeskRequest, kind: str) -> HttpResponse:
    require(request.user, "documents.edit_templates")
    if kind not in FORMS:
        raise Http404
    return _word(built_in(kind), kind)


@require_POST
def retirement(request: DeskRequest, pk: int) -> HttpResponse:
    get_object_or_404(queries.templates_for(request.user), pk=pk)
    actions.retire_template(template_id=pk, by=request.user, at=timezone.now())
    return redirect("documents:templates")
