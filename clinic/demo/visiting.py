"""What a doctor and a patient do in one visit of the demo clinic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from clinic import attending, caring, consulting, noting
from clinic.demo import scripting, telling
from clinic.models import Appointment, Consent, Encounter, NoneKnown, Segment
from config.base import acting_as, work_off
from messaging import chatting

if TYPE_CHECKING:
    from clinic.demo.simulating import Simulation
    from clinic.models import Patient, User

WITH_SCRIPT, WITH_CHAT, UNSIGNED = 0.2, 0.4, 0.03


def hold_visit(appointment: Appointment, *, simulation: Simulation) -> None:
    """From the waiting room to the closed consultation."""
    random, doctor = simulation.random, appointment.slot.practitioner.user
    begins = appointment.starts_at + timedelta(minutes=random.randint(0, 6))
    with simulation.at(begins - timedelta(minutes=4)), acting_as(appointment.patient.user):
        telling.think_again(appointment, simulation=simulation)
        attending.arrive(appointment, by=appointment.patient.user)
    with simulation.at(begins), acting_as(doctor):
        encounter = consulting.open(appointment, by=doctor)
        consulting.start_segment(
            encounter, modality=random.choice([Segment.Modality.VIDEO, Segment.Modality.VOICE]), by=doctor
        )
    ends = begins + timedelta(minutes=random.randint(7, 14))
    with simulation.at(ends), acting_as(doctor):
        _write_up(encounter, simulation=simulation)
    if random.random() < WITH_CHAT:
        _chat(appointment, simulation=simulation, after=ends)


def _write_up(encounter: Encounter, *, simulation: Simulation) -> None:
    random, script, doctor = simulation.random, simulation.cast.script, encounter.practitioner.user
    patient = encounter.patient
    consulting.confirm_location(encounter, state=patient.state, by=doctor)
    if patient.identified_at is None:
        consulting.identify(patient, document=random.choice(script["documents"]), by=doctor)
        _ask_about_care(patient, by=doctor)
    consulting.confirm(encounter, by=doctor)
    consulting.stop_segment(encounter, by=doctor)
    written = random.choice(script["notes"])
    review_on = timezone.localdate() + timedelta(weeks=random.choice([4, 6, 8]))
    noting.save(encounter.note, by=doctor, **written, review_on=review_on)
    if random.random() < WITH_SCRIPT:
        scripting.prescribe(encounter, simulation=simulation)
    if random.random() >= UNSIGNED:
        noting.sign(encounter.note, by=doctor)
        consulting.close(encounter, by=doctor)


def _ask_about_care(patient: Patient, *, by: User) -> None:
    """What a first visit finds out: not the same for everybody, but always for the same people."""
    first = patient.user.given_name[:1]
    if first < "F":
        caring.add_allergy(patient, substance="Penicillin", reaction="Rash", severity="moderate", by=by)
    else:
        caring.state_none_known(patient, kind=NoneKnown.Kind.ALLERGIES, by=by)
    if "J" < first < "R":
        caring.add_condition(patient, name="High blood pressure", code="38341003", since="2019", by=by)
        caring.add_medicine(patient, name="Perindopril", dose="5 mg in the morning", by=by)
    else:
        caring.state_none_known(patient, kind=NoneKnown.Kind.CONDITIONS, by=by)
        caring.state_none_known(patient, kind=NoneKnown.Kind.MEDICINES, by=by)
    caring.note_gp(patient, gp_name="Dr Sam Example", gp_practice="Example Street Surgery", by=by)
    caring.answer(patient, kind=Consent.Kind.SHARE_GP, answer=Consent.Answer.GIVEN, by=by)


def _chat(appointment: Appointment, *, simulation: Simulation, after: datetime) -> None:
    lines = simulation.cast.script["chat"]
    first = simulation.random.randrange(len(lines))
    people = {"patient": appointment.patient.user, "doctor": appointment.slot.practitioner.user}
    room = appointment.room
    if room is None:
        return
    for number, (who, text) in enumerate(lines[first : first + 3], start=1):
        moment = min(after + timedelta(minutes=11 * number), simulation.now)
        with simulation.at(moment):
            chatting.post(room, by=people[who], text=text)
            work_off()
