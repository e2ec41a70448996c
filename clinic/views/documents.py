"""Papers: a patient's list, and the one address that hands a file out."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from clinic import documents as papers
from clinic.models import Document, Patient
from clinic.views.patients import for_patients
from config import printing
from config.base import SignedInRequest, record_viewed
from messaging.views.doors import signed_in


@for_patients
def documents(request: SignedInRequest, patient: Patient) -> HttpResponse:
    own = Document.objects.visible_to(request.user).filter(patient=patient)
    return render(
        request,
        "clinic/document_list.html",
        {
            "documents": own.select_related(
                "prescription__practitioner__user",
                "prescription__original__pharmacy",
                "letter__practitioner__user",
            )
        },
    )


@signed_in
def file(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Hand a paper out, to those who may see it; every time is in the audit trail."""
    document = get_object_or_404(
        Document.objects.visible_to(request.user).select_related("prescription"), pk=pk
    )
    content = papers.read(document)
    record_viewed.send(Document, record=document, request=request, action="download")
    return printing.download(content, file_name=papers.file_name(document))
