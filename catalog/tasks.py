"""What a worker is asked to do: fetch by id, call one rule."""

from __future__ import annotations

import contextlib

from django.utils import timezone

from catalog import applying, reading, resuming
from catalog.models import Import
from config.base import Refused


def read_import(pk: str) -> None:
    with contextlib.suppress(Refused):  # it is kept on the import, where people look
        reading.read(Import.objects.select_related("supplier").get(pk=pk), by=None)


def apply_import(pk: str) -> None:
    applying.work_off(Import.objects.select_related("supplier", "approved_by").get(pk=pk))


def resume_imports() -> int:
    return resuming.resume(now=timezone.now())
