"""The addresses that hand out what came with a message."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from config.base import SignedInRequest, record_viewed
from messaging import attaching
from messaging.models import Attachment
from messaging.views.doors import signed_in

TYPES = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}


@require_GET
@signed_in
def file(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Hand a file out to who reads the conversation; every time is in the audit trail."""
    attachment = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    content = attaching.read(attachment)
    record_viewed.send(Attachment, record=attachment, request=request, action="download")
    is_pdf = attachment.kind == Attachment.Kind.PDF
    return _hand_out(content, stored_as=attachment.file, name=attachment.name, as_attachment=is_pdf)


@require_GET
@signed_in
def thumbnail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    attachment = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    content = attaching.read_thumbnail(attachment)
    return _hand_out(content, stored_as=attachment.thumbnail, name="thumbnail", as_attachment=False)


def _hand_out(content: bytes, *, stored_as: str, name: str, as_attachment: bool) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=TYPES[stored_as.rsplit(".", maxsplit=1)[-1]],
        headers={
            "Content-Disposition": content_disposition_header(as_attachment, name) or "inline",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
