"""What the trail calls a change, and whose record it says that it was."""

import pytest
from django.apps import apps

from clinic import attributing, noting, prescribing
from clinic.models import AuditEvent, Practice
from config.base import Fact, Kept
from messaging import chatting
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def actions(record) -> list[str]:
    events = AuditEvent.objects.filter(record_type=record._meta.label_lower, record_id=record.pk)
    return [*events.order_by("at", "pk").values_list("action", flat=True)]


class TestMoves:
    def test_a_script_is_signed_and_made_void(self, issued, doctor):
        assert actions(issued).count("sign") == 1

        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        assert actions(issued)[-1] == "void"
        assert actions(issued).count("sign") == 1

    def test_a_later_version_in_the_same_status_is_a_change(self, issued, off_guard, doctor):
        with off_guard("clinic_prescription"):
            issued.change(by=doctor.user, indication="Chronic pain")

        assert actions(issued)[-1] == "update"

    def test_says_as_which_practitioner(self, issued, doctor):
        signed = AuditEvent.objects.get(record_id=issued.pk, action="sign")

        assert (signed.by, signed.role, signed.practitioner_id) == (doctor.user, "doctor", doctor.pk)

    def test_others_are_no_practitioner(self, manager, patient):
        patient.change(by=manager, suburb="Hobart")

        assert AuditEvent.objects.get(record_id=patient.pk, by=manager).practitioner_id is None

    def test_a_note_is_signed_and_so_is_what_is_added(self, encounter, doctor):
        note = encounter.note
        noting.sign(note, by=doctor.user, assessment="Insomnia.", plan="Review in four weeks.")
        addendum = noting.add(note, text="And a blood test.", reason="Forgotten.", by=doctor.user)

        assert actions(note)[-1] == "sign"
        assert actions(addendum) == ["sign"]


class TestChanges:
    def test_another_role_is_told(self, reception, manager):
        reception.change(by=manager, role="auditor")
        reception.change(by=manager, given_name="Rosalind")
        reception.change(by=manager, is_active=False)

        assert actions(reception) == ["create", "role_change", "update", "role_change"]

    def test_a_verified_registration_is_approved(self, make_doctor, manager):
        doctor = make_doctor("new", verified_at=None, verified_by=None)
        doctor.change(by=manager, verified_at=manager.created_at, verified_by=manager)

        assert actions(doctor)[-1] == "approve"

    def test_settings_are_told_apart(self, practice, manager):
        practice.change(by=manager, phone="0398765432")

        assert actions(Practice.objects.get())[-1] == "setting_change"


class TestWhose:
    def test_money_letters_and_messages_are_the_patients(self, confirmed, patient):
        room = confirmed.room
        message = chatting.post(room, by=patient.user, text="Hello")
        letter = Letter.objects.filter(recipient=patient.user).first()
        payment = confirmed.order.payments.get()

        events = AuditEvent.objects.filter(
            record_id__in=[confirmed.order.pk, payment.pk, room.pk, message.pk, letter.pk]
        )
        assert {*events.values_list("record_type", "patient_id")} == {
            ("billing.order", patient.pk),
            ("billing.payment", patient.pk),
            ("messaging.room", patient.pk),
            ("messaging.message", patient.pk),
            ("messaging.letter", patient.pk),
        }

    def test_python_and_the_database_agree(self, confirmed, patient):
        message = chatting.post(confirmed.room, by=patient.user, text="Hello")

        found = [attributing.patient_of(one) for one in (confirmed, confirmed.order, message, patient.user)]

        assert found == [patient.pk] * 4

    def test_staff_are_nobodys_record(self, manager, practice):
        assert [attributing.patient_of(one) for one in (manager, practice)] == [None, None]


class TestTables:
    """A renamed status or field would silently become a plain change."""

    def test_name_what_there_is(self):
        for label, moves in attributing.MOVES.items():
            statuses = {value for value, _ in apps.get_model(label)._meta.get_field("status").choices}
            assert moves.keys() <= statuses, label
        for label, fields in attributing.CHANGES.items():
            tracked = {field.attname for field in apps.get_model(label).history.model.tracked_fields}
            assert fields.keys() <= tracked, label
        kinds = {label: apps.get_model(label) for label in attributing.SETTINGS}
        assert [label for label, kind in kinds.items() if not issubclass(kind, Fact | Kept)] == []

    def test_each_fact_named_is_one(self):
        assert all(issubclass(apps.get_model(label), Fact) for label in attributing.FACTS)
