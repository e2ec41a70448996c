"""What a receipt says of the practice, the doctor, the patient and the service."""

from __future__ import annotations

from billing.composing import Issuer, Particulars, Provider, Service
from billing.models import Order
from clinic.models import Appointment, Practice


def particulars(order: Order) -> Particulars:
    """Tell billing what it cannot know of ``order``, as it is now."""
    practice = Practice.objects.current()
    visits = Appointment.objects.current().filter(order=order)  # not the time that it was moved from
    visit = visits.select_related(
        "patient__user", "slot__practitioner__user", "slot__appointment_type"
    ).first()
    return Particulars(
        issuer=_issuer(practice),
        patient=str(visit.patient if visit else order.payer),
        zone=practice.time_zone,
        provider=_provider(visit) if visit else None,
        service=_service(visit) if visit else None,
    )


def issuer() -> Issuer:
    """Tell billing who writes its papers."""
    return _issuer(Practice.objects.current())


def _issuer(practice: Practice) -> Issuer:
    return Issuer(
        legal_name=practice.legal_name or practice.name,
        trading_name=practice.name,
        abn=practice.abn,
        address=practice.address,
        phone=practice.phone,
    )


def _provider(visit: Appointment) -> Provider:
    practitioner = visit.slot.practitioner
    return Provider(name=str(practitioner), provider_number=practitioner.provider_number)


def _service(visit: Appointment) -> Service:
    kind = visit.slot.appointment_type
    return Service(str(visit.pk), f"{kind.name} ({kind.get_modality_display().lower()})", visit.starts_at)
