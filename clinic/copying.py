"""A copy of a patient's whole file, as patients may have it: to read, and for machines (APP 12).

What goes along is listed here column by column, so that nothing gets into a copy that nobody thought of:
no other person's data, no reasons of breaking the glass, nothing that only staff write for each other.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, Q
from django.template.loader import render_to_string
from django.utils import timezone

from billing import rendering
from billing.models import Receipt
from clinic import auditing, documents, requesting
from clinic.models import AuditEvent, Document, Patient, Practice, PrivacyRequest, RecordCopy
from clinic.particularising import SECTIONS, Section, rooms
from config import printing
from config.base import Refused, forbid_transaction, uuid7
from messaging import attaching
from messaging.models import Attachment

if TYPE_CHECKING:
    from uuid import UUID

    from clinic.models import User

FOLDER = "copies"
PROGRESS_KEPT = 3600  # seconds
SWEPT_BACK = datetime.timedelta(days=60)


class Expired(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This copy is no longer there: it was kept for a few days. Please ask for a new one."
        )


class File(NamedTuple):
    """One file of the archive; ``read`` fetches it from where it is kept."""

    name: str
    read: Callable[[], bytes]


def write(patient: Patient, *, tell: Callable[[int], None] = lambda percent: None) -> bytes:
    """Put the copy together as a zip archive; ``tell`` hears how many per cent are done."""
    forbid_transaction()
    now = timezone.now()
    told = [(section, _rows(section, patient)) for section in SECTIONS]
    tell(20)
    files, missing = [*_files(patient)], []
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, file in enumerate(files, start=1):
            try:
                archive.writestr(file.name, file.read())
            except (printing.Damaged, rendering.NotPrinted):
                missing.append(file.name)
            tell(20 + 70 * done // len(files))
        practice = Practice.objects.current()
        names = [file.name for file in files if file.name not in missing]
        told_in_words = [(section, [*map(_to_read, rows)]) for section, rows in told]
        context = {
            "patient": patient,
            "practice": practice,
            "sections": told_in_words,
            "files": names,
            "now": now,
        }
        archive.writestr("index.html", render_to_string("clinic/record_copy.html", context))
        content = {
            "made_at": now.isoformat(),
            "practice": practice.name,
            "files": names,
            "files_that_could_not_be_read": missing,
            **{section.key: rows for section, rows in told},
        }
        tell(95)
        archive.writestr("record.json", json.dumps(content, indent=1, ensure_ascii=False, default=str))
    return packed.getvalue()


def _rows(section: Section, patient: Patient) -> list[dict[str, Any]]:
    rows = section.rows(patient)
    paths = [*section.columns.values()]
    words = {path: _choices(rows.model, path) for path in paths}
    return [
        {label: _plain(_in_words(row[path], words[path])) for label, path in section.columns.items()}
        for row in rows.values(*dict.fromkeys(paths))
    ]


def _to_read(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what only machines read."""
    return {label: value for label, value in row.items() if not isinstance(value, dict | list)}


def _choices(model: type[Model], path: str) -> Mapping[Any, str]:
    """What the values of a column are called."""
    *steps, last = path.split("__")
    for step in steps:
        found = model._meta.get_field(step)
        if found.related_model is None:
            return {}
        model = found.related_model
    return dict(getattr(model._meta.get_field(last), "flatchoices", ()))


def _in_words(value: Any, words: Mapping[Any, str]) -> Any:
    return words.get(value, value) if isinstance(value, str | int) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).isoformat(timespec="minutes")
    return value if isinstance(value, bool | int | dict | list | None) else str(value)


def _files(patient: Patient) -> Iterator[File]:
    papers = Document.objects.filter(patient=patient).exclude(kind=Document.Kind.PRINT_AND_SIGN)
    for number, paper in enumerate(papers.order_by("recorded_at", "pk"), start=1):
        name = f"papers/{number:03}-{paper.kind}.pdf"
        yield File(name, lambda paper=paper: documents.read(paper))  # type: ignore[misc]
    receipts = Receipt.objects.filter(order__payer=patient.user).order_by("issued_on", "pk")
    for receipt in receipts:
        name = f"receipts/{receipt.number}.pdf".replace(" ", "-")
        yield File(name, lambda receipt=receipt: rendering.read(receipt))  # type: ignore[misc]
    mine = Q(message__room__in=rooms(patient)) & Q(message__withdrawal=None)
    for number, sent in enumerate(Attachment.objects.filter(mine).order_by("recorded_at", "pk"), start=1):
        ending = ".pdf" if sent.kind == "pdf" else ".jpg"
        yield File(f"files/{number:03}{ending}", lambda sent=sent: attaching.read(sent))  # type: ignore[misc]


def make(request: PrivacyRequest) -> None:
    """Make the copy that was asked for, keep it for some days, tell the patient; twice changes nothing."""
    forbid_transaction()
    if request.status != PrivacyRequest.Status.PREPARING:
        return
    tell_progress(request.pk, 5)
    try:
        content = write(request.patient, tell=lambda percent: tell_progress(request.pk, percent))
    except Exception:
        request.move_to(PrivacyRequest.Status.OPEN, by=None, why="The copy could not be made.")
        raise  # the task is kept as failed, with its reason; the practice can begin again
    name, sha256 = _keep(content)
    try:
        _hand_over(request, name=name, sha256=sha256)
    except Refused:  # another worker was faster
        printing.drop(name)


@transaction.atomic
def _hand_over(request: PrivacyRequest, *, name: str, sha256: str) -> None:
    now = timezone.now()
    request.move_to(
        PrivacyRequest.Status.GIVEN,
        by=None,
        why="The copy is there.",
        answered_at=now,
        answered_by=_who_gave(request),
    )
    RecordCopy.objects.create(
        request=request, file=name, sha256=sha256, expires_at=now + datetime.timedelta(days=RecordCopy.DAYS)
    )
    requesting.tell_patient(request)


def _who_gave(request: PrivacyRequest) -> User | None:
    version = request.history.filter(status=PrivacyRequest.Status.PREPARING).first()
    return version.history_user if version else None


def _keep(content: bytes) -> tuple[str, str]:
    day = timezone.now()
    name = default_storage.save(f"{FOLDER}/{day:%Y/%m}/{uuid7()}.zip", ContentFile(content))
    return name, hashlib.sha256(content).hexdigest()


def read(copy: RecordCopy) -> bytes:
    """Read a copy that is still there.

    :raises Expired: its days are over
    :raises printing.Damaged: the file is not the one that was made
    """
    if copy.expires_at <= timezone.now():
        raise Expired
    return printing.read(str(copy.file), sha256=copy.sha256)


def tell_progress(pk: UUID, percent: int) -> None:
    cache.set(f"copying.{pk}", percent, PROGRESS_KEPT)


def progress(request: PrivacyRequest) -> int:
    """How many per cent of the copy are made."""
    return int(cache.get(f"copying.{request.pk}") or 0)


def sweep(*, now: datetime.datetime) -> int:
    """Remove the files of copies whose days are over; tells how many. That they were made stays on record."""
    forbid_transaction()
    over = RecordCopy.objects.filter(expires_at__lte=now, expires_at__gt=now - SWEPT_BACK)
    removed = 0
    for name in over.values_list("file", flat=True):
        if default_storage.exists(name):
            default_storage.delete(name)
            removed += 1
    return removed


def note_export(patient: Patient) -> None:
    """Write down that the owner of the server took a copy."""
    auditing.note(AuditEvent.Action.EXPORT, by=None, record=patient, why="Copy of the whole file.")
