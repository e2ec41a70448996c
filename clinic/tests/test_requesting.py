"""What patients ask about their data, and who answers."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from clinic import requesting
from clinic.models import Practice, PrivacyRequest, RequestText
from config.base import IllegalMove
from messaging.models import Letter

pytestmark = pytest.mark.django_db
WORDS = "I never had asthma."


@pytest.fixture
def ask(patient):
    def do(kind="correction", by=None, **fields) -> PrivacyRequest:
        told = {"text": WORDS} if kind == "correction" else {}
        return requesting.ask(patient, kind=kind, by=by or patient.user, **told | fields)

    return do


class TestAsk:
    def test_counts_thirty_days(self, ask):
        asked = ask()

        assert asked.due_on == Practice.objects.current().today() + timedelta(days=30)
        assert [*PrivacyRequest.objects.waiting()] == [asked]

    def test_tells_those_who_answer(self, ask, manager, reception):
        ask()

        told = Letter.objects.filter(template=requesting.RECEIVED).values_list("recipient", flat=True)
        assert [*told] == [manager.pk]

    def test_tells_the_doctors_in_care_of_what_is_about_health(self, ask, confirmed, doctor, manager):
        ask(is_clinical=True)

        told = Letter.objects.filter(template=requesting.RECEIVED).values_list("recipient", flat=True)
        assert {doctor.user.pk, manager.pk} <= set(told)
        assert WORDS not in str([letter.context for letter in Letter.objects.all()])

    def test_can_be_entered_by_the_desk_for_an_earlier_day(self, ask, reception):
        asked_on = Practice.objects.current().today() - timedelta(days=4)

        assert ask(by=reception, asked_on=asked_on).asked_on == asked_on

    def test_is_not_for_strangers(self, ask, make_patient, doctor):
        for somebody in (make_patient("stranger").user, doctor.user):
            with pytest.raises(requesting.NotYours):
                ask(by=somebody)

    def test_refuses_what_says_nothing_and_what_is_to_come(self, ask, reception):
        with pytest.raises(requesting.SaysNothing):
            ask(text=" ")
        with pytest.raises(requesting.NotYet):
            ask(by=reception, asked_on=Practice.objects.current().today() + timedelta(days=1))

    def test_keeps_one_copy_on_its_way_and_a_few_corrections(self, ask):
        ask("access")
        with pytest.raises(requesting.AskedTwice):
            ask("access")
        for _ in range(requesting.MOST_OPEN):
            ask()
        with pytest.raises(requesting.AskedTwice):
            ask()


class TestCopy:
    def test_waits_until_it_is_known_who_asks(self, ask, manager, reception, queued_tasks):
        asked = ask("access", by=reception)
        with pytest.raises(requesting.Unknown):
            requesting.give(asked, by=manager)

        requesting.identify(asked, how="Rang the number we had.", by=manager)
        requesting.give(asked, by=manager)

        assert asked.status == "preparing"
        assert "clinic.tasks.copy_record" in queued_tasks()

    def test_is_asked_with_the_password_and_known_then(self, ask, manager):
        asked = ask("access", identity_how=requesting.BY_SIGNING_IN)

        requesting.give(asked, by=manager)

        assert asked.status == "preparing"

    @pytest.mark.parametrize("role", ["reception", "auditor", "doctor"])
    def test_is_given_by_managers(self, ask, make_user, role):
        asked = ask("access", identity_how="Signed in.")

        with pytest.raises(requesting.NotYours):
            requesting.give(asked, by=make_user(role, "somebody"))

    def test_is_refused_with_reasons(self, ask, manager, patient):
        asked = ask("access")
        with pytest.raises(requesting.SaysNothing):
            requesting.refuse(asked, reasons="", by=manager)

        requesting.refuse(asked, reasons="A court forbids it.", by=manager)

        assert (asked.status, asked.answered_by) == ("refused", manager)
        assert asked.texts.get(kind="answer").text == "A court forbids it."
        assert Letter.objects.filter(template=requesting.ANSWERED, recipient=patient.user).count() == 1
        with pytest.raises(IllegalMove):
            requesting.refuse(asked, reasons="Again.", by=manager)


class TestCorrection:
    def test_of_details_is_answered_by_managers(self, ask, manager, confirmed, doctor):
        asked = ask()
        with pytest.raises(requesting.NotYours):
            requesting.correct(asked, answer="Done.", by=doctor.user)

        requesting.correct(asked, answer="Done.", by=manager)

        assert asked.status == "corrected"

    def test_of_health_is_answered_by_a_doctor_in_care(self, ask, manager, confirmed, doctor, make_doctor):
        asked = ask(is_clinical=True)
        for somebody in (manager, make_doctor("stranger").user):
            with pytest.raises(requesting.NotADoctorInCare):
                requesting.attach(asked, answer="It was seen.", by=somebody)

        requesting.attach(asked, answer="It was seen.", by=doctor.user)

        assert asked.status == "attached"

    def test_leaves_the_words_beside_the_record_where_the_practice_disagrees(
        self, ask, patient, confirmed, doctor, auditor, manager
    ):
        asked = ask(is_clinical=True)
        before = requesting.attached_to(patient, by=doctor.user).count()
        requesting.attach(asked, answer="It was seen.", by=doctor.user)

        assert before == 0
        for reader, texts in ((doctor.user, [WORDS]), (auditor, [WORDS]), (manager, [])):
            found = requesting.attached_to(patient, by=reader)
            assert [text.text for text in found] == texts

    def test_shows_them_on_the_panel_of_care(self, ask, patient, confirmed, doctor, staff_client):
        requesting.attach(ask(is_clinical=True), answer="It was seen.", by=doctor.user)

        page = staff_client(doctor.user).get(reverse("admin:clinic_patient_change", args=[patient.pk]))

        assert WORDS in page.content.decode()

    def test_is_answered_by_a_named_doctor_when_nobody_is_in_care(
        self, ask, confirmed, doctor, make_doctor, manager
    ):
        asked, other = ask(is_clinical=True), make_doctor("other")
        with pytest.raises(requesting.HasCarer):
            requesting.name_doctor(asked, doctor=other, by=manager)
        doctor.user.change(by=None, is_active=False)

        requesting.name_doctor(asked, doctor=other, by=manager)
        requesting.correct(asked, answer="Changed.", by=other.user)

        assert (asked.status, asked.answered_by) == ("corrected", other.user)

    def test_is_kept_as_it_was_answered(self, ask, manager):
        requesting.correct(ask(), answer="Done.", by=manager)

        for sql in (
            "UPDATE clinic_privacyrequest SET status = 'open'",
            "UPDATE clinic_requesttext SET text = 'Nothing.'",
            "DELETE FROM clinic_requesttext",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)

    def test_can_be_taken_back_by_the_patient_alone(self, ask, patient, manager):
        asked = ask()
        with pytest.raises(requesting.NotYours):
            requesting.withdraw(asked, by=manager)

        requesting.withdraw(asked, by=patient.user)

        assert asked.status == "withdrawn"


class TestWhoReads:
    @pytest.mark.parametrize(
        ("is_clinical", "readers"),
        [
            (False, {"patient", "manager", "reception", "auditor"}),
            (True, {"patient", "doctor", "auditor"}),
        ],
    )
    def test_the_words(
        self, ask, confirmed, doctor, manager, reception, auditor, patient, make_doctor, make_patient,
        is_clinical, readers,
    ):  # fmt: skip
        ask(is_clinical=is_clinical)
        people = {
            "patient": patient.user,
            "doctor": doctor.user,
            "manager": manager,
            "reception": reception,
            "auditor": auditor,
            "stranger": make_patient("stranger").user,
            "other": make_doctor("other").user,
        }

        assert {n for n, p in people.items() if RequestText.objects.visible_to(p).exists()} == readers

    def test_the_request(self, ask, confirmed, doctor, manager, reception, auditor, make_doctor):
        asked = ask(is_clinical=True)
        plain = ask()

        for person in (manager, reception, auditor):
            assert {*PrivacyRequest.objects.visible_to(person)} == {asked, plain}
        assert [*PrivacyRequest.objects.visible_to(doctor.user)] == [asked]
        assert not PrivacyRequest.objects.visible_to(make_doctor("other").user).exists()


def test_a_copy_needs_who_asked_even_by_sql(ask):
    asked = ask("access")
    sql = "UPDATE clinic_privacyrequest SET status = 'given' WHERE id = %s"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [asked.pk])
