"""A payer's statement on the staff site: on the screen, as a paper, and as a table."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing import crediting, stating
from billing.forms import PeriodForm
from billing.periods import usual
from billing.views import statements
from config import spreadsheets, stepping
from config.base import SignedInRequest, record_viewed

if TYPE_CHECKING:
    from clinic.models import User


def urls(guard: Callable[..., Any]) -> list[URLPattern]:
    return [
        path("statement/<uuid:pk>/", guard(page), name="billing_statement"),
        path("statement/<uuid:pk>/<str:kind>/", guard(stepping.step_up(file)), name="billing_statement_file"),
    ]


def address(payer_id: UUID) -> str:
    return reverse("admin:billing_statement", args=[payer_id])


def is_for(request: HttpRequest) -> bool:
    """Whether somebody may look at statements."""
    return request.user.has_perm("billing.view_statement")


def page(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what stands between a payer and the practice."""
    payer = _payer(request, pk)
    form = PeriodForm(request.GET)
    period = form.period
    record_viewed.send(type(payer), record=payer, request=request, action="read")
    context = {
        **admin.site.each_context(request),
        "title": f"Statement of {payer}",
        "payer": payer,
        "form": form,
        "period": period,
        "stated": stating.statement(payer, period.since, period.until),
        "credit": crediting.balance(payer),
        "usual": usual(),
        "kinds": [statements.PAPER, *spreadsheets.FORMATS],
        "orders": f"{reverse('admin:billing_order_changelist')}?payer__exact={payer.pk}",
    }
    status = HTTPStatus.BAD_REQUEST if form.complaint else HTTPStatus.OK
    return TemplateResponse(request, "admin/money/statement.html", context, status=status)


def file(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """Hand the statement out as a paper or a table."""
    return statements.hand_out(request, _payer(request, pk), kind=kind)


def _payer(request: SignedInRequest, pk: UUID) -> User:
    if not is_for(request):
        raise PermissionDenied
    found = get_user_model()._default_manager.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
