"""Papers: rendering a prescription as PDF once, and keeping what was rendered."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clinic import verifying
from clinic.models import Document, Prescription
from config import printing
from config.base import Refused, forbid_transaction
from messaging import chatting, mailing

TEMPLATES = {
    Document.Kind.PRINT_AND_SIGN: "clinic/pdf/prescription.html",
    Document.Kind.PATIENT_COPY: "clinic/pdf/patient_copy.html",
}
DATES = ("issued_on", "valid_until_on")


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
            secret = verifying.new_secret()
            pdf = write_pdf(prescription, kind=kind, secret=secret)
            _keep(prescription, kind=kind, pdf=pdf, secret=secret)


def write_pdf(prescription: Prescription, *, kind: str, secret: str) -> bytes:
    """Write the paper as PDF/A-3a with the issued content attached.

    ``secret`` is what its code asks about; the same content and secret give the same bytes.
    """
    content = prescription.content
    attached = printing.Attachment(
        name=f"prescription-{content['number']}.json",
        description="The prescription as it was issued",
        content=content,
        made_at=datetime.datetime.fromisoformat(content["issued_at"]),
    )
    return printing.write(
        TEMPLATES[Document.Kind(kind)],
        _context(content, prescription.content_sha256, address=verifying.address(secret)),
        attached=attached,
        identity=f"{prescription.content_sha256}{kind}",
    )


def _context(content: dict[str, Any], sha256: str, *, address: str) -> dict[str, Any]:
    dates = {name: datetime.date.fromisoformat(content[name]) for name in DATES}
    born_on = datetime.date.fromisoformat(content["patient"]["date_of_birth"])
    check = {"code": printing.code(address), "address": address}
    return {**content, **dates, **check, "born_on": born_on, "sha256": sha256}


def _keep(prescription: Prescription, *, kind: str, pdf: bytes, secret: str) -> None:
    name, sha256 = printing.keep(pdf, folder="documents")
    try:
        with transaction.atomic():
            _refuse_void(prescription)
            Document.objects.create(
                patient=prescription.patient,
                prescription=prescription,
                kind=kind,
                file=name,
                sha256=sha256,
                secret=secret,
            )
            if kind == Document.Kind.PATIENT_COPY:
                _tell_patient(prescription)
    # Another worker was faster and its paper counts, or the prescriber has cancelled meanwhile.
    except (IntegrityError, Void):
        printing.drop(name)


def _refuse_void(prescription: Prescription) -> None:
    """Hold the prescription until its paper is kept, so that it is not cancelled meanwhile."""
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

    :raises printing.Damaged: the stored file is gone, or is not the one that was rendered
    """
    return printing.read(str(document.file), sha256=document.sha256)


def file_name(document: Document) -> str:
    """Name a file so that it can be told from others where it was downloaded, and tells nothing else."""
    number = document.prescription.number if document.prescription else ""
    return f"{document.kind.replace('_', '-')}-{number}.pdf"
