"""Papers: rendering a prescription as PDF once, and keeping what was rendered."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.utils import timezone

from clinic import corresponding, verifying
from clinic.models import ClinicalLetter, Document, Encounter, Prescription
from config import printing
from config.base import Refused, enqueue, forbid_transaction
from messaging import chatting, mailing

TEMPLATES = {
    Document.Kind.PRINT_AND_SIGN: "clinic/pdf/prescription.html",
    Document.Kind.PATIENT_COPY: "clinic/pdf/patient_copy.html",
}
WAITED = datetime.timedelta(minutes=45)
"""So long the first attempts may take, before a paper counts as missing."""
MOST_AT_ONCE = 100
DATES = ("issued_on", "valid_until_on")


class Void(Refused):
    def __init__(self) -> None:
        super().__init__("This is void and has no paper any more.")


def render_missing() -> None:
    """Ask for the papers that what was issued or signed should have and has not; any number of times.

    A worker gives up after some tries, for instance while the certificate of the seal is over.
    """
    since = timezone.now() - WAITED
    kept = Document.objects.filter(prescription=OuterRef("pk"))
    scripts = Prescription.objects.filter(status=Prescription.Status.ISSUED, issued_at__lte=since).exclude(
        *(Exists(kept.filter(kind=kind)) for kind in TEMPLATES)
    )
    letters = ClinicalLetter.objects.filter(
        status=ClinicalLetter.Status.SIGNED, signed_at__lte=since, documents=None
    )
    for pk in scripts.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        enqueue("clinic.tasks.render_prescription", pk)
    for pk in letters.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        enqueue("clinic.tasks.render_letter", pk)


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
    return printing.write_page(
        page(prescription, kind=kind, secret=secret),
        attached=attached,
        identity=f"{prescription.content_sha256}{kind}",
    )


def page(prescription: Prescription, *, kind: str, secret: str) -> str:
    """Write the paper as HTML."""
    address = verifying.address(secret)
    context = _context(prescription.content, prescription.content_sha256, address=address)
    return render_to_string(TEMPLATES[Document.Kind(kind)], context)


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
                _tell_patient(prescription.encounter)
    # Another worker was faster and its paper counts, or the prescriber has cancelled meanwhile.
    except (IntegrityError, Void):
        printing.drop(name)


def _refuse_void(prescription: Prescription) -> None:
    """Hold the prescription until its paper is kept, so that it is not cancelled meanwhile."""
    if prescription.lock().status != Prescription.Status.ISSUED:
        raise Void


def _tell_patient(encounter: Encounter) -> None:
    person = encounter.patient.user
    mailing.queue(
        "clinic/mail/document_ready",
        recipient=person,
        to=person.email,
        context={"name": person.get_short_name(), "path": "/portal/documents/"},
    )
    if room := encounter.appointment.room:
        chatting.post_system(room, text="A document from your doctor is ready. You find it under Documents.")


def render_letter(letter: ClinicalLetter) -> None:
    """Make the paper of a signed letter; asked again, or of a void one, nothing happens."""
    forbid_transaction()
    if letter.status != ClinicalLetter.Status.SIGNED or letter.documents.exists():
        return
    pdf = _print_letter(letter.content, sha256=letter.content_sha256)
    name, sha256 = printing.keep(pdf, folder="documents")
    try:
        with transaction.atomic():
            _refuse_unsigned(letter)
            Document.objects.create(
                patient=letter.patient, letter=letter, kind=letter.kind, file=name, sha256=sha256
            )
            _tell_patient(letter.encounter)
    except (IntegrityError, Void):
        printing.drop(name)


def _refuse_unsigned(letter: ClinicalLetter) -> None:
    """Hold the letter until its paper is kept, so that it is not made void meanwhile."""
    if letter.lock().status != ClinicalLetter.Status.SIGNED:
        raise Void


def preview(letter: ClinicalLetter) -> bytes:
    """Print a letter as it is kept now, marked as a draft; nothing of it is stored."""
    content = corresponding.describe(letter, at=timezone.now())
    return _print_letter(content, sha256="", is_draft=True)


def _print_letter(content: dict[str, Any], *, sha256: str, is_draft: bool = False) -> bytes:
    born_on = content["patient"]["date_of_birth"]
    context = content | {
        "is_draft": is_draft,
        "written_on": datetime.date.fromisoformat(content["written_on"]),
        "born_on": datetime.date.fromisoformat(born_on) if born_on else None,
        "foot": "Draft" if is_draft else sha256[:16],
    }
    attached = printing.Attachment(
        name="letter.json",
        description="The letter as it was written",
        content=content,
        made_at=datetime.datetime.fromisoformat(content["signed_at"]),
    )
    return printing.write("clinic/pdf/letter.html", context, attached=attached, identity=f"{sha256}letter")


def read(document: Document) -> bytes:
    """Read a paper from where it is kept, as it was rendered.

    :raises printing.Damaged: the stored file is gone, or is not the one that was rendered
    """
    return printing.read(str(document.file), sha256=document.sha256)


def file_name(document: Document) -> str:
    """Name a file so that it can be told from others where it was downloaded, and tells nothing else."""
    kind, script = document.kind.replace("_", "-"), document.prescription
    return f"{kind}-{script.number}.pdf" if script else f"{kind}-{document.recorded_at:%Y-%m-%d}.pdf"
