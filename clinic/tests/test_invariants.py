"""Each check of the clinic's rows: silent where all is well, and the only one to speak of its own fault."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing import charging
from billing.charging import Line
from clinic import booking, cancelling, consulting, moving, publishing
from clinic.models import Page
from config import invariants
from messaging.models import Call

pytestmark = pytest.mark.django_db

LONG_AGO = "now() - interval '2 hours'"
# What is wrong, by the check that is to find it: the guard that is in the way, and the deed.
FAULTS = {
    "one_live_appointment_per_slot": [
        "ALTER TABLE clinic_appointment DROP CONSTRAINT clinic_appointment_patient_is_in_one_place",
        "DROP INDEX clinic_appointment_has_its_slot_alone",
        "UPDATE clinic_appointment SET slot_id = {slot}, starts_at = {starts}, ends_at = {ends}"
        " WHERE id = {other}",
    ],
    "slots_of_a_practitioner_do_not_overlap": [
        "ALTER TABLE clinic_slot DROP CONSTRAINT clinic_slot_one_at_a_time",
        "UPDATE clinic_slot SET starts_at = {starts}, ends_at = {ends} WHERE id = {free}",
    ],
    "patient_is_in_one_place": [
        "ALTER TABLE clinic_appointment DROP CONSTRAINT clinic_appointment_patient_is_in_one_place",
        "UPDATE clinic_appointment SET patient_id = {patient}, order_id = order_id WHERE id = {beside}",
    ],
    "appointment_is_at_its_slot": [
        "UPDATE clinic_appointment SET ends_at = ends_at + interval '1 minute' WHERE id = {appointment}",
    ],
    "claimed_slot_is_not_withdrawn": [
        "UPDATE clinic_slot SET withdrawn_at = now(), withdrawn_by_id = {user} WHERE id = {slot}",
    ],
    "confirmed_is_settled": [
        "UPDATE clinic_appointment SET order_id = {unpaid} WHERE id = {appointment}",
    ],
    "over_asks_no_money": [
        "UPDATE clinic_appointment SET order_id = {unpaid} WHERE id = {given_up}",
    ],
    "hold_ends_in_time": [
        f"UPDATE clinic_appointment SET held_until = {LONG_AGO} WHERE id = {{beside}}",
    ],
    "moved_goes_on_elsewhere": [
        "UPDATE clinic_appointment SET moved_from_id = NULL WHERE id = {moved}",
    ],
    "room_has_its_people": [
        f"UPDATE messaging_member SET left_at = {LONG_AGO} WHERE user_id = {{user}}",
    ],
    "stretches_of_a_consultation_are_apart": [
        "ALTER TABLE clinic_segment DROP CONSTRAINT clinic_segment_apart",
        "UPDATE clinic_segment SET started_at = started_at - interval '1 hour' WHERE id = {segment}",
    ],
    "talk_ends_with_its_call": [
        "UPDATE clinic_segment SET ended_at = NULL, call_id = {call} WHERE id = {segment}",
    ],
    "live_page_is_one_of_its_versions": ["UPDATE clinic_page SET live_version = gen_random_uuid()"],
    "no_page_names_a_medicine": [
        "UPDATE clinic_historicalpage SET body = '[\"Our <b>Hemp</b>\\\\nfor you\"]'"
    ],
    "pages_go_live_in_time": [f"UPDATE clinic_page SET unpublish_at = {LONG_AGO}"],
    "tasks_are_worked_off": [
        f"INSERT INTO django_q_ormq (key, payload, lock) VALUES ('default', '', {LONG_AGO})",
    ],
    "trail_is_sealed": [
        f"INSERT INTO clinic_auditevent (id, at, action, record_type, role, why, trace, outcome)"
        f" VALUES (gen_random_uuid(), {LONG_AGO}, 'read', '', '', '', '{{{{}}}}', 'done')",
        "UPDATE clinic_auditevent SET tx = 2",
        "INSERT INTO clinic_auditseal (id, recorded_at, trace, number, first, last, head, horizon, server,"
        " mark)"
        " VALUES (gen_random_uuid(), now(), '{{}}', 1, 1, 1, '', 1, clinic_audit_server(), '')",
    ],
    "every_version_has_its_record": [
        "UPDATE messaging_historicalroom SET id = gen_random_uuid() WHERE id = {room}",
    ],
    "status_is_as_last_written_down": [
        "UPDATE clinic_appointment SET status = 'arrived' WHERE id = {appointment}",
    ],
    "letters_are_on_their_way": [
        f"UPDATE messaging_letter SET next_attempt_at = {LONG_AGO}",
    ],
    "calls_come_to_an_end": [
        "UPDATE messaging_call SET status = 'waiting', ended_at = NULL",
        "UPDATE messaging_call SET created_at = now() - interval '5 hours'",
        "UPDATE messaging_historicalcall SET status = 'waiting'",
    ],
}
TABLES = [
    "clinic_appointment", "clinic_slot", "messaging_member", "messaging_historicalroom", "messaging_letter",
    "clinic_segment", "messaging_call", "messaging_historicalcall", "clinic_auditevent", "clinic_auditseal",
    "clinic_page", "clinic_historicalpage",
]  # fmt: skip


@pytest.fixture
def clinic(confirmed, settle, make_slot, make_patient, make_doctor, manager):
    """One who is booked, one who moved, one who holds a time beside, one who gave up, and a free time."""
    someone, another, third = (make_patient(name) for name in ("someone", "another", "third"))
    other = settle(booking.hold(make_slot(48), patient=someone, by=someone.user))
    moved = moving.move(other, to=make_slot(72), by=someone.user, why="")
    beside = booking.hold(make_slot(24, of=make_doctor("beside")), patient=another, by=another.user)
    given_up = booking.hold(make_slot(96), patient=third, by=third.user)
    cancelling.cancel(given_up, by=third.user, why="")
    seen = settle(booking.hold(make_slot(144), patient=make_patient("seen"), by=None))
    call = Call.objects.add(by=None, room=seen.room)
    call.move_to(Call.Status.ENDED, by=None, ended_at=timezone.now())
    encounter = consulting.open(seen, by=seen.slot.practitioner.user)
    for modality in ("video", "voice"):
        consulting.start_segment(encounter, modality=modality, by=encounter.practitioner.user)
    consulting.stop_segment(encounter, by=encounter.practitioner.user)
    page = Page(title="Fees", slug="fees")
    publishing.begin(page, by=manager)
    publishing.publish(page, by=manager)
    unpaid = charging.open_order(payer=third.user, lines=[Line("Extra", "gst_free", Decimal(10))], by=None)
    rows = {
        "appointment": confirmed, "slot": confirmed.slot, "patient": confirmed.patient,
        "user": confirmed.patient.user, "unpaid": unpaid, "room": confirmed.room,
        "moved": moved, "other": moved, "beside": beside, "given_up": given_up, "free": make_slot(120),
        "call": call, "segment": encounter.segments.last(),
    }  # fmt: skip
    named = {name: f"'{row.pk}'" for name, row in rows.items()}
    return named | {"starts": f"'{confirmed.starts_at}'", "ends": f"'{confirmed.ends_at}'"}


def test_nothing_is_broken_where_nobody_broke_anything(clinic):
    assert invariants.broken() == {}


def test_every_check_has_a_fault_that_shows_it():
    ours = [check.name for check in invariants.checks() if check.name in FAULTS]

    assert ours == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_by_its_own_check_alone(clinic, off_guard, name):
    with off_guard(*TABLES) as cursor:
        for statement in FAULTS[name]:
            cursor.execute(statement.format(**clinic))

    assert list(invariants.broken()) == [name]


def test_a_finding_names_some_of_the_rows(confirmed, off_guard):
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")

    found = [finding for finding in invariants.examine() if finding.broken]

    assert [(finding.broken, finding.examples) for finding in found] == [(1, [str(confirmed.pk)])]
