"""What a doctor works from: the next patient, today's list, and what is still to be written or read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, OuterRef, Subquery, When

from clinic import answering, authorising, desk, surveying
from clinic.boards import figures
from clinic.boards.figures import Day, Figure, between
from clinic.models import BOOKED, AdverseEvent, Appointment, Approval, Note, Original, Prescription
from messaging import chatting
from messaging.models import Room

if TYPE_CHECKING:
    from clinic.models import User

SHOWN = 8
TO_SIGN = {"status__exact": "to_sign", "prescription__status__exact": "issued"}
# Whom to see first: the one being seen, then who waits, then who is to come.
FIRST: list[str] = [
    Appointment.Status.IN_CONSULTATION,
    Appointment.Status.ARRIVED,
    Appointment.Status.CONFIRMED,
]


def board(user: User) -> dict[str, Any]:
    day = figures.today()
    visits, later = _visits(user, day), _later(user, day)
    notes, drafts, rooms = _unsigned(user), _drafts(user), _unread(user)
    notes_link = desk.page("clinic.note", status__exact="draft")
    drafts_link = desk.page("clinic.prescription", status__exact="draft")
    papers = _papers(user)
    papers_link = desk.page("clinic.original", **TO_SIGN, prescription__practitioner__user__id__exact=user.pk)
    unread = sum(count for *_, count in rooms)
    _flag([*visits, *([later] if later else [])], by=user)
    return {
        "numbers": [
            *figures.calls_for_help(user),
            Figure("Appointments today", len(visits), _today_link(day), "event"),
            Figure("Notes to sign", len(notes), notes_link, "edit_note"),
            Figure("Prescriptions in draft", len(drafts), drafts_link, "draft"),
            Figure("Papers to sign", len(papers), papers_link, "draw"),
            *_adverse(user),
            *figures.corrections(user),
            Figure("Unread messages", unread, desk.page("messaging.room"), "forum"),
            _ending_approvals(user, day),
        ],
        "next": next_of(visits) or later,
        "visits": visits,
        "visits_link": _today_link(day),
        "notes": notes[:SHOWN],
        "drafts": drafts[:SHOWN],
        "papers": papers[:SHOWN],
        "rooms": rooms[:SHOWN],
    }


def next_visit(user: User) -> Appointment | None:
    """Tell whom the doctor ``user`` sees now: of today's, or who waits for a visit after midnight."""
    day = figures.today()
    if found := next_of(_visits(user, day)):
        return found
    later = _later(user, day)
    return None if later is None or later.status == Appointment.Status.CONFIRMED else later


def next_of(visits: list[Appointment]) -> Appointment | None:
    """Tell whom to see now."""
    open_visits = [visit for visit in visits if visit.status in FIRST]
    return min(open_visits, key=lambda visit: (FIRST.index(visit.status), visit.starts_at), default=None)


def _ending_approvals(user: User, day: Day) -> Figure:
    """The doctor's own authorities of the TGA that end soon."""
    ending = Approval.objects.visible_to(user).ending(day.start.date(), days=authorising.expiring_days())
    link = desk.page("clinic.approval", which="ending")
    return Figure("Approvals that end soon", ending.count(), link, "verified")


def _today_link(day: Day) -> str:
    return desk.page(
        "clinic.appointment", **between("starts_at", day.start, day.end), status__in=",".join(BOOKED)
    )


def _own(user: User) -> Any:
    """The doctor's own appointments, with ``arrived_at``: since when the patient has been waiting."""
    arrived = Appointment.history.filter(id=OuterRef("pk"), status=Appointment.Status.ARRIVED)
    return (
        Appointment.objects.visible_to(user)
        .filter(slot__practitioner__user=user)
        .select_related("patient__user", "slot__appointment_type", "slot__practitioner__user", "encounter")
        .annotate(arrived_at=Subquery(arrived.order_by("history_date").values("history_date")[:1]))
        .order_by("starts_at", "pk")
    )


def _visits(user: User, day: Day) -> list[Appointment]:
    return list(_own(user).filter(**between("starts_at", day.start, day.end), status__in=BOOKED))


def _later(user: User, day: Day) -> Appointment | None:
    # Shortly before midnight, who waits may be of tomorrow: they come first, as they do by day.
    comes = Case(When(status=Appointment.Status.CONFIRMED, then=1), default=0)
    return (
        _own(user).filter(starts_at__gte=day.end, status__in=FIRST).order_by(comes, "starts_at", "pk").first()
    )


def _unsigned(user: User) -> list[Note]:
    rows = Note.objects.visible_to(user).filter(status=Note.Status.DRAFT, encounter__practitioner__user=user)
    return list(
        rows.select_related("encounter__patient__user", "encounter__appointment").order_by("created_at")
    )


def _drafts(user: User) -> list[Prescription]:
    rows = Prescription.objects.visible_to(user)
    own = rows.filter(status=Prescription.Status.DRAFT, practitioner__user=user)
    return list(own.select_related("patient__user", "encounter").order_by("created_at"))


def _adverse(user: User) -> list[Figure]:
    """Serious events that the TGA is still to be told, and by when; nothing where there is none."""
    waiting = [*AdverseEvent.objects.visible_to(user).waiting()]
    if not waiting:
        return []
    by = waiting[0].due_on
    link = desk.page("clinic.adverseevent", status__exact="open", is_serious__exact=1)
    label = f"Adverse events to report by {by:%d/%m}"
    return [Figure(label, len(waiting), link, "emergency", is_urgent=True)]


def _papers(user: User) -> list[Original]:
    """Originals of the doctor's own scripts that wait for their ink."""
    own = Original.objects.visible_to(user).filter(**TO_SIGN, prescription__practitioner__user=user)
    return list(own.select_related("prescription__patient__user").order_by("created_at"))


def _flag(visits: list[Appointment], *, by: User) -> None:
    flags = surveying.flags({visit.patient for visit in visits}, by=by)
    answered = answering.flags(visits, by=by)
    for visit in visits:
        visit.flags = flags[visit.patient_id] + answered[visit.pk]  # type: ignore[attr-defined]


def _unread(user: User) -> list[tuple[Room, str, int]]:
    """The rooms in which others wrote since the doctor last looked: with whom, and how much."""
    unread = chatting.unread_for(user)
    rooms = Room.objects.visible_to(user).filter(pk__in=unread).prefetch_related("members__user")
    return sorted(
        ((room, _others_in(room, user), unread[room.pk]) for room in rooms), key=lambda entry: -entry[2]
    )


def _others_in(room: Room, user: User) -> str:
    return ", ".join(str(member.user) for member in room.members.all() if member.user_id != user.pk)
