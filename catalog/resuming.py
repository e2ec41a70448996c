"""Taking up imports again whose worker was stopped in the middle."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog import reading
from catalog.models import Import
from config.base import enqueue


def resume(*, now: datetime) -> int:
    """Ask a worker for every import that should be finished and that nobody works on; tell how many.

    A worker that is slow and not dead does no harm: whoever ends second finds the work done.
    """
    left = Import.objects.abandoned(now - reading.ABANDONED)
    resumed = 0
    for pk, status in left.values_list("pk", "status"):
        with transaction.atomic():
            # Asked for once in this while, however long the queue is.
            resumed += left.filter(pk=pk).update(touched_at=now)
            if status == Import.Status.APPROVED:
                enqueue("catalog.tasks.apply_import", pk)
            else:
                enqueue("catalog.tasks.read_import", pk)
    return resumed
