"""Whom of those who wait is offered a time, and which of the free times one of them is offered."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminRadioSelectWidget

from clinic import waitlisting
from clinic.models import Slot, WaitlistEntry
from messaging import clocks

MOST = 12
"""So many are shown, the best match first: a desk that wants another one asks for it by name."""


def _on_our_clock(at: Any) -> str:
    return clocks.in_short(at, zone=timezone.get_current_timezone_name())


def _named(rows: QuerySet, key: Any) -> Any:
    """The row that the address names, if there is one."""
    try:
        return rows.filter(pk=key).first()
    except ValidationError:  # no UUID
        return None


class Best(forms.ModelChoiceField):
    """One of a few rows; the first of them is chosen unless somebody chooses another."""

    def __init__(self, rows: QuerySet, **options: Any) -> None:
        super().__init__(rows, widget=UnfoldAdminRadioSelectWidget, empty_label=None, **options)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as no:  # Django has words of its own for what is no UUID
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from no

    def offer(self, rows: list, *, shown: QuerySet, otherwise: str) -> None:
        """Let somebody choose among ``rows``, of which ``shown`` reads what their labels say."""
        self.queryset = shown.filter(pk__in=[row.pk for row in rows[:MOST]])
        if rows:
            self.initial = rows[0].pk
        else:
            self.help_text = otherwise


class Waiting(Best):
    def label_from_instance(self, obj: Model) -> str:
        entry = cast(WaitlistEntry, obj)
        has = f", has {_on_our_clock(entry.has_at)} now" if entry.has_at else ""
        return f"{entry.patient}, waiting since {timezone.localdate(entry.created_at):%-d %b %Y}{has}"


class Free(Best):
    def label_from_instance(self, obj: Model) -> str:
        slot = cast(Slot, obj)
        return f"{_on_our_clock(slot.starts_at)}, {slot.practitioner}"


class WhoDialog(BaseDialogForm):
    """Who gets a free time: those whom it suits, who waited longest first."""

    entry = Waiting(
        WaitlistEntry.objects.none(),
        label="To whom?",
        error_messages={
            "required": "Nobody is chosen. Choose one of those who wait.",
            "invalid_choice": "This patient does not wait for such a time any more. Please choose again.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        slot = _named(Slot.objects.visible_to(self.request.user), self.object_id)
        field = cast(Waiting, self.fields["entry"])
        mine = WaitlistEntry.objects.visible_to(self.request.user).select_related("patient__user")
        field.offer(
            waitlisting.waiting_for(slot) if slot else [],
            shown=waitlisting.with_what_they_have(mine),
            otherwise="Nobody waits for such a time. It stays free for everybody.",
        )


class TimesDialog(BaseDialogForm):
    """Which time somebody who waits is offered: those that suit them, the soonest first."""

    slot = Free(
        Slot.objects.none(),
        label="Which time?",
        error_messages={
            "required": "No time is chosen. Choose one of those that suit.",
            "invalid_choice": "This time has just been taken, or suits no more. Please choose again.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry = _named(WaitlistEntry.objects.visible_to(self.request.user), self.object_id)
        field = cast(Free, self.fields["slot"])
        field.offer(
            waitlisting.times_for(entry, now=timezone.now(), most=MOST) if entry else [],
            shown=Slot.objects.visible_to(self.request.user).select_related("practitioner__user"),
            otherwise="No free time suits now. As soon as one does, it is offered by itself.",
        )
