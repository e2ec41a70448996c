"""What reception works from: who comes today, whose hold runs out, and whom to call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from clinic import desk
from clinic.boards import figures, manager
from clinic.boards.figures import Day, Figure, between
from clinic.models import Appointment, Original, Patient
from messaging import clocks, delivering
from messaging.models import Delivery, Letter

if TYPE_CHECKING:
    from clinic.models import User

SHOWN = 12
LATE = timedelta(minutes=5)
LETTERS_LOOKED_BACK = timedelta(days=7)
EXPECTED = (Appointment.Status.CONFIRMED, Appointment.Status.ARRIVED)


class Call(NamedTuple):
    """Somebody to be called, and what about."""

    patient: Patient
    why: str
    link: str


def board(user: User) -> dict[str, Any]:
    day = figures.today()
    today = _today(user, day)
    holds = _holds(user, day)
    return {
        "numbers": [
            *figures.calls_for_help(user),
            figures.questions(user),
            *manager.visits_today(user, day),
            _waiting(today, day),
            _running(holds),
            _to_send(user),
        ],
        "statuses": manager.statuses_today(user, day),
        "arrivals": [visit for visit in today if visit.status in EXPECTED][:SHOWN],
        "arrivals_link": desk.page(
            "clinic.appointment", **between("starts_at", day.start, day.end), status__in=",".join(EXPECTED)
        ),
        "holds": holds[:SHOWN],
        "holds_link": desk.page("clinic.appointment", status__exact="held"),
        "calls": [*_missed(today, day), *_unreached(user, day)][:SHOWN],
    }


def _today(user: User, day: Day) -> list[Appointment]:
    rows = Appointment.objects.visible_to(user).filter(**between("starts_at", day.start, day.end))
    people = ["patient__user", "slot__practitioner__user", "slot__appointment_type"]
    return list(rows.select_related(*people).order_by("starts_at", "pk"))


def _holds(user: User, day: Day) -> list[Appointment]:
    """Those that run out first are the first."""
    rows = Appointment.objects.visible_to(user).filter(status=Appointment.Status.HELD, held_until__gt=day.now)
    return list(rows.select_related("patient__user", "slot__practitioner__user").order_by("held_until", "pk"))


def _waiting(today: Iterable[Appointment], day: Day) -> Figure:
    waiting = [visit for visit in today if visit.status == Appointment.Status.ARRIVED]
    today_only = between("starts_at", day.start, day.end)
    link = desk.page("clinic.appointment", **today_only, status__exact="arrived")
    return Figure("Waiting now", len(waiting), link, "chair")


def _running(holds: list[Appointment]) -> Figure:
    link = desk.page("clinic.appointment", status__exact="held")
    return Figure("Times held for payment", len(holds), link, "hourglass_top")


def _to_send(user: User) -> Figure:
    waiting = {"status__exact": "to_send", "prescription__status__exact": "issued"}
    count = Original.objects.visible_to(user).filter(**waiting).count()
    return Figure(
        "Prescriptions to send", count, desk.page("clinic.original", **waiting), "local_post_office"
    )


def _missed(today: Iterable[Appointment], day: Day) -> list[Call]:
    """Patients whose time has come and who are not there, or did not come at all."""
    calls = []
    for visit in today:
        at = clocks.clock(visit.starts_at, zone=str(day.now.tzinfo))
        if visit.status == Appointment.Status.NO_SHOW:
            calls.append(Call(visit.patient, f"Did not attend at {at}", desk.record_page(visit)))
        elif visit.status == Appointment.Status.CONFIRMED and visit.starts_at + LATE < day.now:
            calls.append(Call(visit.patient, f"Expected at {at}, not here yet", desk.record_page(visit)))
    return calls


def _unreached(user: User, day: Day) -> list[Call]:
    """Patients to whom a letter of the last days could not be sent."""
    lately = Letter.objects.visible_to(user).filter(created_at__gte=day.now - LETTERS_LOOKED_BACK)
    failed = delivering.with_outcome(lately).filter(
        Q(status=Letter.Status.FAILED)
        | Q(dropped_for=Letter.Dropped.UNREACHABLE)
        | Q(outcome__in=[Delivery.Outcome.BOUNCED, Delivery.Outcome.REFUSED])
    )
    letters = {letter.recipient_id: letter for letter in failed.order_by("created_at")}
    patients = Patient.objects.visible_to(user).filter(user__in=letters).select_related("user")[:SHOWN]
    return [
        Call(patient, "A letter could not be delivered", desk.record_page(letters[patient.user_id]))
        for patient in patients
    ]
