"""What a worker is asked to do: fetch by id, call one rule."""

from uuid import UUID

from django.utils import timezone

from clinic import (
    anchoring,
    assessing,
    assuring,
    broadcasting,
    chaining,
    copying,
    documents,
    expiring,
    filling,
    inspecting,
    publishing,
    reminding,
    rostering,
    staying,
    throttling,
    waitlisting,
)
from clinic.models import ClinicalLetter, Practice, Prescription, PrivacyRequest


def expire_holds() -> None:
    expiring.expire_holds(now=timezone.now())


def tell_expired(*appointments: str) -> None:
    expiring.tell_expired([UUID(key) for key in appointments], now=timezone.now())


def check_invariants() -> None:
    inspecting.inspect_by_night()


def offer_freed(*slots: str) -> None:
    filling.offer_all([UUID(slot) for slot in slots])


def keep_waiting_list() -> None:
    filling.settle()
    waitlisting.end_what_is_over(now=timezone.now())


def remind_patients() -> None:
    reminding.remind(now=timezone.now())


def remind_of_incidents() -> None:
    assessing.remind(today=Practice.objects.current().today())


def copy_record(request_id: str) -> None:
    copying.make(PrivacyRequest.objects.get(pk=request_id))


def sweep_copies() -> None:
    copying.sweep(now=timezone.now())


def warn_holds() -> None:
    expiring.warn_holds(now=timezone.now())


def send_broadcasts() -> None:
    broadcasting.carry_on(now=timezone.now())


def publish_scheduled() -> None:
    publishing.keep_schedule(now=timezone.now())


def offer_slots() -> None:
    rostering.offer(now=timezone.now())


def seal_audit() -> None:
    chaining.seal()


def prove_trail(begin: str = "0") -> None:
    assuring.prove(begin=int(begin))


def anchor_audit() -> None:
    anchoring.anchor()


def render_missing() -> None:
    documents.render_missing()


def render_prescription(prescription_id: str) -> None:
    documents.render(Prescription.objects.get(pk=prescription_id))


def render_letter(letter_id: str) -> None:
    documents.render_letter(ClinicalLetter.objects.get(pk=letter_id))


def sweep_doors() -> None:
    throttling.sweep()
    staying.sweep()
