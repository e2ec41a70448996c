"""Papers: rendering a prescription as PDF once, and keeping what was rendered."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from weasyprint import HTML, Attachment
from weasyprint.urls import URLFetcher

from clinic import hashing
from clinic.models import Document, Prescription
from config.base import Refused, forbid_transaction, uuid7
from messaging import chatting, mailing

TEMPLATES = {
    Document.Kind.PRINT_AND_SIGN: "clinic/pdf/prescription.html",
    Document.Kind.PATIENT_COPY: "clinic/pdf/patient_copy.html",
}
DATES = ("issued_on", "valid_until_on")


class Damaged(Refused):
    def __init__(self) -> None:
        super().__init__("This file is not the one that was kept. Please tell the practice manager.")


class Void(Refused):
    def __init__(self) -> None:
        super().__init__("This prescription is void and has no paper any more.")


def render(prescription: Prescription) -> None:
    """Make the two papers of an issued prescription; asked again, or of a void one, nothing happens."""
    forbid_transaction()
    if prescription.status != Prescription.Status.ISSUED:
        return
    for kind in TEMPLATES:
        if not prescription.documents.filter(kind=kind).exists():
            _keep(prescription, kind=kind, pdf=write_pdf(prescription, kind=kind))


def write_pdf(prescription: Prescription, *, kind: str) -> bytes:
    """Write the paper as PDF/A-3a with the issued content attached; the same content gives the same bytes."""
    content = prescription.content
    html = render_to_string(TEMPLATES[Document.Kind(kind)], _context(content, prescription.content_sha256))
    issued_at = datetime.datetime.fromisoformat(content["issued_at"])
    attachment = Attachment(
        string=hashing.canonical(content),
        name=f"prescription-{content['number']}.json",
        description="The prescription as it was issued",
        relationship="Data",
        created=issued_at,
        modified=issued_at,
    )
    # Nothing is fetched from anywhere: a paper must not change with a server, nor tell it who reads.
    page = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    return page.write_pdf(
        attachments=[attachment],
        pdf_variant="pdf/a-3a",
        pdf_identifier=f"{prescription.content_sha256}{kind}".encode(),
    )


def _context(content: dict[str, Any], sha256: str) -> dict[str, Any]:
    dates = {name: datetime.date.fromisoformat(content[name]) for name in DATES}
    born_on = datetime.date.fromisoformat(content["patient"]["date_of_birth"])
    return {**content, **dates, "born_on": born_on, "sha256": sha256}


def _keep(prescription: Prescription, *, kind: str, pdf: bytes) -> None:
    day = timezone.now()
    name = default_storage.save(f"documents/{day:%Y/%m}/{uuid7()}.pdf", ContentFile(pdf))
    try:
        with transaction.atomic():
            _refuse_void(prescription)
            Document.objects.create(
                patient=prescription.patient,
                prescription=prescription,
                kind=kind,
                file=name,
                sha256=hashlib.sha256(pdf).hexdigest(),
            )
            if kind == Document.Kind.PATIENT_COPY:
                _tell_patient(prescription)
    # Another worker was faster and its paper counts, or the prescriber has cancelled meanwhile.
    except (IntegrityError, Void):
        default_storage.delete(name)


def _refuse_void(prescription: Prescription) -> None:
    """Hold the prescription until its paper is kept, so that it is not cancelled meanwhile."""
    if prescription.lock().status != Prescription.Status.ISSUED:
        raise Void


def _insist_on_issued(prescription: Prescription) -> None:
    if prescription.lock().status != Prescription.Status.ISSUED:
        raise Void


def _tell_patient(prescription: Prescription) -> None:
    person = prescription.patient.user
    mailing.queue(
        "clinic/mail/document_ready",
        recipient=person,
        to=person.email,
        context={"name": person.get_short_name(), "path": "/portal/documents/"},
    )
    if room := prescription.encounter.appointment.room:
        chatting.post_system(room, text="A document from your doctor is ready. You find it under Documents.")


def read(document: Document) -> bytes:
    """Read a paper from where it is kept, as it was rendered.

    :raises Damaged: the stored file is gone, or is not the one that was rendered
    """
    forbid_transaction()
    try:
        with default_storage.open(str(document.file)) as file:
            content = file.read()
    except FileNotFoundError:
        raise Damaged from None
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise Damaged
    return content


def file_name(document: Document) -> str:
    """Name a file so that it can be told from others where it was downloaded, and tells nothing else."""
    number = document.prescription.number if document.prescription else ""
    return f"{document.kind.replace('_', '-')}-{number}.pdf"
