"""What a worker is asked to do: fetch by id, call one rule."""

from django.utils import timezone

from messaging import attaching, calling, mailing, nudging, prompting, streaming
from messaging.models import Letter


def send_letter(pk: str) -> None:
    mailing.send(Letter.objects.get(pk=pk))


def send_due_letters() -> int:
    return mailing.send_due()


def nudge_readers() -> int:
    now = timezone.now()
    return nudging.nudge(now=now) + prompting.prompt(now=now)


def trim_events() -> int:
    return streaming.trim()


def look_after_calls() -> int:
    return calling.look_after_all()


def sweep_attachments() -> int:
    return attaching.sweep(today=timezone.now().date())
