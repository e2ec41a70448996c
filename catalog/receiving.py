"""Receiving a supplier's workbook: keeping the file, once per content, and asking a worker to read it."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from catalog import sheets
from catalog.models import Import, Supplier
from catalog.sheets.layout import Layout
from config import acting
from config.base import enqueue, forbid_transaction

if TYPE_CHECKING:
    from clinic.models import User

PROPERTIES = "docProps/core.xml"
LONGEST_PROPERTIES = 100_000  # bytes; a bomb would unpack to more


class Receipt(NamedTuple):
    """The import that a file belongs to, and whether it came just now."""

    run: Import
    is_new: bool


def receive(key: str, *, data: bytes, file_name: str, by: User | None) -> Receipt:
    """Keep the file and note that it came; the very file that is under way already is recognised.

    :raises UnknownSupplier: there is no layout of this name
    :raises NotTaken: it has macros, objects, links or calls, which would act where somebody opens it
    """
    forbid_transaction()
    acting.refuse(data)
    of = sheets.layout_of(key)
    fingerprint = hashlib.sha256(data).hexdigest()
    stored = f"imports/{key}/{fingerprint}{PurePath(file_name).suffix.lower()[:8]}"
    if not default_storage.exists(stored):
        stored = default_storage.save(stored, ContentFile(data))
    try:
        with transaction.atomic():
            run = Import.objects.add(
                by=by,
                why="The file came in.",
                supplier=_supplier(of, by=by),
                sender=by,
                file=stored,
                file_name=file_name[-200:],
                file_sha256=fingerprint,
                saved_at=last_saved(data),
                touched_at=timezone.now(),
            )
    except IntegrityError:
        waiting = Import.objects.under_way().filter(supplier__key=key, file_sha256=fingerprint).first()
        if waiting is None:
            raise
        return Receipt(waiting, is_new=False)
    return Receipt(run, is_new=True)


def send_in(key: str, *, data: bytes, file_name: str, by: User | None) -> Receipt:
    """Receive a file and have a worker read it.

    :raises UnknownSupplier: there is no layout of this name
    """
    receipt = receive(key, data=data, file_name=file_name, by=by)
    if receipt.is_new:
        enqueue("catalog.tasks.read_import", receipt.run.pk)
    return receipt


def send_in_again(run: Import, *, by: User | None) -> Receipt:
    """Read the kept file of ``run`` once more, as an import of its own."""
    return send_in(run.supplier.key, data=content(run), file_name=run.file_name, by=by)


def applied_before(key: str, data: bytes) -> Import | None:
    """The last import that applied this very file, if one did."""
    applied = Import.objects.filter(supplier__key=key, status=Import.Status.APPLIED)
    return applied.filter(file_sha256=hashlib.sha256(data).hexdigest()).first()


def content(run: Import) -> bytes:
    """The file as it came."""
    forbid_transaction()
    with run.file.open("rb") as file:
        return file.read()


def _supplier(of: Layout, *, by: User | None) -> Supplier:
    known = Supplier.objects.filter(key=of.key).first()
    return known or Supplier.objects.add(by=by, why="First list received.", key=of.key, name=of.supplier)


def last_saved(data: bytes) -> datetime | None:
    """When the workbook was last saved, as far as it tells."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(PROPERTIES) as part:
            said = re.search(rb"<dcterms:modified[^>]*>([^<]+)<", part.read(LONGEST_PROPERTIES))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, RuntimeError):
        return None
    try:
        found = parse_datetime(said[1].decode("ascii")) if said else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else timezone.make_aware(found)
