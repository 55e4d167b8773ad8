"""The unit board: the page, its changes, the side panel, and the verbs on units (UX 3)."""

from django.http import Http404, HttpResponse

from loupan.org.queries import DeskRequest


def board(request: DeskRequest) -> HttpResponse:
    raise Http404


def board_data(request: DeskRequest) -> HttpResponse:
    raise Http404


def control_sheet(request: DeskRequest) -> HttpResponse:
    raise Http404


def unit_panel(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def unit_lock(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def unit_unlock(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def unit_hold(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def unit_unhold(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def release(request: DeskRequest) -> HttpResponse:
    raise Http404


def withhold(request: DeskRequest) -> HttpResponse:
    raise Http404


def unwithhold(request: DeskRequest) -> HttpResponse:
    raise Http404
