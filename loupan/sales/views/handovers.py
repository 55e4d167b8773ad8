"""Handover, its exception and its undoing, the title; milestones (T17 to T19, 2.4.2)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.calendar import business_day
from loupan.core.formatting import money_text
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.sales.actions import handovers
from loupan.sales.actions.due_dates import record_milestone
from loupan.sales.forms.verbs import HandoverForm, MilestoneForm, ReasonForm, TitleForm
from loupan.sales.models import Deal
from loupan.sales.queries.due_dates import milestone_names, milestones_for
from loupan.sales.queries.handovers import readiness_of
from loupan.sales.views.deals import deal_or_404
from loupan.sales.views.verbs import VerbPage, on_deal


def _warnings(deal: Deal) -> list[str]:
    """What is still missing for the handover, in sentences."""
    ready = readiness_of(deal)
    said = []
    if ready.outstanding > 0:
        said.append(
            _("%(amount)s is still to be paid.") % {"amount": money_text(ready.outstanding)}
        )
    said += [_("The building has no %(missing)s on file.") % {"missing": one}
             for one in ready.missing]  # fmt: skip
    if said and ready.exception:
        said.append(
            _("%(by)s allowed it all the same: %(reason)s")
            % {"by": ready.exception.by, "reason": ready.exception.reason}
        )
    return said


@require_http_methods(["GET", "POST"])
def hand_over(request: DeskRequest, pk: int) -> HttpResponse:
    """The buyers signed the handover form (T17)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.hand_over", deal.project_id)
    first = deal.buyers.select_related("customer").first()
    initial = {
        "handed_over_on": business_day(at),
        "received_by": first.customer.name if first else "",
    }
    page = VerbPage(
        title=_("Hand the unit over"),
        submit=_("Record the handover"),
        done=_("the unit is handed over"),
        warnings=_warnings(deal),
    )

    def do(said: dict[str, Any]) -> object:
        return handovers.hand_over(deal_id=deal.pk, **said, by=request.user, at=at)

    form = HandoverForm(request.POST or None, initial=initial)
    return on_deal(request, deal, form, page, do, "hand_over")


@require_http_methods(["GET", "POST"])
def allow_handover(request: DeskRequest, pk: int) -> HttpResponse:
    """A director lets the unit be handed over although something is missing."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.allow_handover", deal.project_id)
    page = VerbPage(
        title=_("Allow the handover"),
        submit=_("Allow"),
        done=_("the handover is allowed"),
        warnings=_warnings(deal),
    )

    def do(said: dict[str, Any]) -> object:
        return handovers.allow_handover(deal_id=deal.pk, **said, by=request.user, at=at)

    return on_deal(request, deal, ReasonForm(request.POST or None), page, do, "hand_over")


@require_http_methods(["GET", "POST"])
def undo_handover(request: DeskRequest, pk: int) -> HttpResponse:
    """Take a handover back within its month (T19)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.undo_handover", deal.project_id)
    page = VerbPage(
        title=_("Undo the handover"),
        submit=_("Undo"),
        done=_("the handover is undone"),
        lead=_("Only in the month of the handover, and only while there is no title."),
        tone="danger",
    )

    def do(said: dict[str, Any]) -> object:
        return handovers.undo_handover(deal_id=deal.pk, **said, by=request.user, at=at)

    return on_deal(request, deal, ReasonForm(request.POST or None), page, do, "undo_handover")


@require_http_methods(["GET", "POST"])
def issue_title(request: DeskRequest, pk: int) -> HttpResponse:
    """The certificate of ownership is there (T18)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.issue_title", deal.project_id)
    page = VerbPage(
        title=_("Record the title"), submit=_("Record"), done=_("the title is recorded")
    )

    def do(said: dict[str, Any]) -> object:
        return handovers.issue_title(deal_id=deal.pk, **said, by=request.user, at=at)

    form = TitleForm(request.POST or None, initial={"issued_on": business_day(at)})
    return on_deal(request, deal, form, page, do, "issue_title")


@require_http_methods(["GET", "POST"])
def milestones(request: DeskRequest) -> HttpResponse:
    """Milestones of the project: what is recorded, what payments wait for, and the form."""
    require(request.user, "sales.read")
    project, at = current_project(request), timezone.now()
    may_record = request.user.may("sales.record_milestone", project.pk)
    names = milestone_names(project.pk)
    form = MilestoneForm(
        request.POST or None,
        names=names,
        project_id=project.pk,
        initial={"noticed_on": business_day(at)},
    )
    if request.method == "POST":
        require(request.user, "sales.record_milestone", project.pk)
    if form.is_valid():
        said = form.cleaned_data
        with refusals_on(form):
            made = record_milestone(
                project_id=project.pk,
                name=said["name"],
                building_id=said["building"].pk if said["building"] else None,
                noticed_on=said["noticed_on"],
                by=request.user,
                at=at,
            )
            messages.success(request, _("%(name)s is recorded") % {"name": made.name})
            return redirect("sales:milestones")
    context = {
        "rows": milestones_for(request.user).filter(project=project),
        "may_record": may_record and bool(names),
        "names": names,
    }
    return answer_form(request, "sales/milestones.html", context, form)
