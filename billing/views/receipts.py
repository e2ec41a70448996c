"""The one address that hands a receipt out."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from billing import rendering
from billing.models import Receipt
from config import printing
from config.base import SignedInRequest, record_viewed
from messaging.views.doors import signed_in


@signed_in
def receipt(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Hand a paper out, to its payer and to those who may see it; every time is in the audit trail."""
    found = get_object_or_404(Receipt.objects.visible_to(request.user).select_related("order"), pk=pk)
    content = rendering.read(found)
    record_viewed.send(Receipt, record=found, request=request, action="download")
    return printing.download(content, file_name=rendering.file_name(found))
