"""Purchase plans: one unit under several payment plans side by side (SAL-26)."""

from django.http import Http404, HttpResponse

from loupan.org.queries import DeskRequest


def quote(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def quote_why(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404


def quote_paper(request: DeskRequest, pk: int) -> HttpResponse:
    raise Http404
