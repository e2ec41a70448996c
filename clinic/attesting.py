"""What a bank may be told of a disputed visit: when it was booked, begun and ended, never what it was for."""

from __future__ import annotations

from billing.evidencing import Moment, Terms, Visit
from billing.models import Order
from clinic import consenting
from clinic.models import Appointment, Consent
from clinic.models.consents import fingerprint
from messaging.models import Letter

Status = Appointment.Status
# Only these are told, and nothing that anybody wrote about them.
MOMENTS = {
    Status.HELD: "Booked",
    Status.CONFIRMED: "Booking confirmed",
    Status.MOVED: "Moved to another time",
    Status.ARRIVED: "Patient arrived in the online waiting room",
    Status.IN_CONSULTATION: "Consultation began",
    Status.COMPLETED: "Consultation ended",
    Status.EXPIRED: "Booking ended without payment",
    Status.CANCELLED: "Booking cancelled",
    Status.NO_SHOW: "Patient did not attend",
}
LETTERS = {
    "clinic/mail/appointment_held": "Reminder that the booking waits for payment",
    "clinic/mail/appointment_expired": "Notice that the booking ended without payment",
    "clinic/mail/appointment_confirmed": "Booking confirmation",
    "clinic/mail/appointment_reminder": "Reminder of the appointment",
    "clinic/mail/appointment_moved": "Confirmation of another time",
    "clinic/mail/appointment_cancelled": "Notice that the booking was cancelled",
    "clinic/mail/appointment_lost": "Notice that the time was gone and the payment is given back",
}


def visit(order: Order) -> Visit | None:
    """Tell billing when what ``order`` was for took place; nothing for an order without an appointment."""
    appointments = list(
        Appointment.objects.filter(order=order)
        .select_related("patient", "policy")
        .order_by("created_at", "pk")
    )
    if not appointments:
        return None
    first, last = appointments[0], appointments[-1]
    return Visit(
        starts_at=last.starts_at,
        moments=_moments(appointments),
        letters=_letters(order, appointments),
        terms=_terms(first),
    )


def _moments(appointments: list[Appointment]) -> list[Moment]:
    """The first time that each appointment came to be what it was; a time moved to was not booked anew."""
    versions = Appointment.history.filter(id__in=[one.pk for one in appointments]).order_by("history_date")
    found: dict[tuple[object, str], Moment] = {}
    for key, status, at in versions.values_list("id", "status", "history_date"):
        found.setdefault((key, status), Moment(at, MOMENTS[Status(status)]))
    again = {(one.pk, status) for one in appointments[1:] for status in (Status.HELD, Status.CONFIRMED)}
    return [moment for which, moment in found.items() if which not in again]


def _letters(order: Order, appointments: list[Appointment]) -> list[Moment]:
    sent = Letter.objects.filter(
        recipient=order.payer,
        template__in=LETTERS,
        status=Letter.Status.SENT,
        context__appointment__in=[str(one.pk) for one in appointments],
    )
    told = sent.values_list("template", "sent_at")
    return [Moment(at, LETTERS[template]) for template, at in told if at]


def _terms(appointment: Appointment) -> Terms | None:
    """What was agreed to with this booking, in its words; of before words were kept, those that fit still."""
    # Whoever takes a time that was offered to them agrees after it was kept for them, and before they pay.
    until = appointment.confirmed_at or appointment.created_at
    agreed = Consent.objects.filter(
        patient=appointment.patient,
        kind=Consent.Kind.FEES,
        answer=Consent.Answer.GIVEN,
        recorded_at__lte=until,
    )
    consent = agreed.select_related("text").order_by("-recorded_at", "-pk").first()
    if consent and consent.text:
        return Terms(consent.version, consent.words, agreed_at=consent.recorded_at)
    text = consenting.in_force([Consent.Kind.FEES])[Consent.Kind.FEES]
    words = consenting.read_out(text, policy=appointment.policy)
    if consent is None:
        return Terms(consenting.version(text, policy=appointment.policy), words, agreed_at=None)
    same = consenting.holds(consent, words_sha256=fingerprint(words))
    return Terms(consent.version, words if same else "", agreed_at=consent.recorded_at)
