"""What the worker does, as the trail tells it: each row says which task wrote it; planned work is noted."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal, receiver
from django_q.signals import post_execute_in_worker, pre_execute

from config import tracing
from config.schedules import EVERY_MINUTE, SCHEDULES

work_done = Signal()
"""The worker did what is planned for an hour or a day. Sent with its ``outcome``: "done" or "failed"."""
RARE = {name for name, (_, cron) in SCHEDULES.items() if cron != EVERY_MINUTE}
"""What is noted when it ran. What runs each minute tells by what it writes."""


@receiver(pre_execute, dispatch_uid="config.begin_work")
def begin_work(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    tracing.begin(work=str(task["func"]))


@receiver(post_execute_in_worker, dispatch_uid="config.end_work")
def end_work(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    try:
        if task.get("group") in RARE:
            work_done.send("worker", outcome="done" if task.get("success") else "failed")
    finally:
        tracing.begin()
