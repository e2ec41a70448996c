"""A patient's receipts."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from billing.models import Receipt
from clinic.models import Patient
from clinic.views.patients import for_patients
from config.base import SignedInRequest

PAGE = 20


@for_patients
def receipts(request: SignedInRequest, patient: Patient) -> HttpResponse:
    own = Receipt.objects.visible_to(request.user).filter(order__payer=request.user)
    pages = Paginator(own.select_related("paper", "replaced_by"), PAGE)
    return render(request, "clinic/receipt_list.html", {"receipts": pages.get_page(request.GET.get("page"))})
