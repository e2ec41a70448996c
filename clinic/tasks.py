"""What a worker is asked to do: fetch by id, call one rule."""

from django.utils import timezone

from clinic import documents, expiring, inspecting, reminding, rostering
from clinic.models import Prescription


def expire_holds() -> None:
    expiring.expire_holds(now=timezone.now())


def check_invariants() -> None:
    inspecting.inspect()


def remind_patients() -> None:
    reminding.remind(now=timezone.now())


def offer_slots() -> None:
    rostering.offer(now=timezone.now())


def render_prescription(prescription_id: str) -> None:
    documents.render(Prescription.objects.get(pk=prescription_id))
