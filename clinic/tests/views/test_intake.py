"""The page on which a patient answers before a visit."""

import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import answering
from clinic.models import Answer, AuditEvent, Intake, Questionnaire

pytestmark = pytest.mark.django_db
ANSWERS = {
    "reason": "Cannot sleep",
    "pregnancy": "Does not apply to me",
    "psychosis": "no",
    "heart": "yes",
    "dependence": "no",
    "medicines": "None",
    "allergies": "None",
    "driving": "no",
    "place": "1 Example Road, Geelong VIC",
}


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


@pytest.fixture
def page(confirmed) -> str:
    return reverse("appointment-intake", args=[confirmed.pk])


def send(browser, page: str, **answers):
    return browser.post(page, {"version": "1", "asks": "before_visit", **ANSWERS, **answers})


class TestStrangers:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_find_nothing(self, client, page, make_patient, method):
        client.force_login(make_patient("stranger").user)

        assert getattr(client, method)(page, ANSWERS).status_code == 404
        assert not Intake.objects.exists()

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_who_are_not_signed_in_are_asked_to(self, client, page, method):
        assert getattr(client, method)(page, ANSWERS).url.startswith("/accounts/login/")

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_among_the_staff_are_sent_to_their_desk(self, client, page, doctor, method):
        client.force_login(doctor.user)

        assert getattr(client, method)(page, ANSWERS).url == "/admin/"
        assert not Intake.objects.exists()


class TestIntake:
    def test_asks_what_the_version_in_force_asks_and_says_whom_to_call(self, browser, page):
        answer = browser.get(page)

        assert [*answer.context["form"].fields] == [*ANSWERS]
        assert "in an emergency call" in answer.content.decode()

    def test_shows_nothing_of_what_an_answer_means(self, browser, page):
        send(browser, page)

        html = browser.get(page).content.decode()

        for question in Questionnaire.objects.get().asked():
            for flag in question.flags:
                assert flag.message not in html
                assert flag.severity not in html

    def test_keeps_the_answers(self, browser, page, confirmed):
        answer = send(browser, page)

        assert answer.url == reverse("appointment", args=[confirmed.pk])
        assert answering.values(Intake.objects.get()) == ANSWERS

    def test_saved_again_keeps_what_changed(self, browser, page):
        send(browser, page)
        send(browser, page, heart="no")

        assert [one.value for one in Answer.objects.filter(key="heart")] == ["yes", "no"]
        assert Answer.objects.count() == len(ANSWERS) + 1
        assert browser.get(page).context["form"]["heart"].value() == "no"

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"heart": ""}, "Please answer this question."),
            ({"heart": "perhaps"}, "Please choose one of the answers."),
            ({"reason": " "}, "Please answer this question."),
        ],
    )
    def test_refuses_bad_input_and_writes_nothing(self, browser, page, typed, says):
        answer = send(browser, page, **typed)

        assert answer.status_code == 400
        assert [e for errors in answer.context["form"].errors.values() for e in errors] == [says]
        assert says in answer.content.decode()
        assert not Intake.objects.exists()

    @pytest.mark.parametrize("version", ["0", "2", "99999999999999999999"])
    def test_knows_no_version_that_was_never_asked(self, browser, page, version):
        assert send(browser, page, version=version).status_code == 404

    def test_keeps_the_version_that_was_seen(self, browser, page):
        first = Questionnaire.objects.get()
        Questionnaire.objects.create(
            key=first.key, version=2, title=first.title, questions=first.questions[:1]
        )

        send(browser, page)

        assert Intake.objects.get().questionnaire == first

    def test_is_closed_once_the_consultation_begins(self, browser, page, confirmed, forced):
        send(browser, page)
        forced(confirmed, "in_consultation")

        html = browser.get(page).content.decode()
        answer = send(browser, page, heart="no")

        assert '<form method="post" novalidate' not in html
        assert "Cannot sleep" in html
        assert answer.status_code == 409
        assert Answer.objects.filter(key="heart").get().value == "yes"

    def test_waits_for_the_payment(self, browser, held):
        page = reverse("appointment-intake", args=[held.pk])

        assert "when a visit is paid for" in browser.get(page).content.decode()
        assert send(browser, page).status_code == 409
        assert not Intake.objects.exists()

    def test_says_nothing_of_it_in_addresses_and_logs(self, browser, page, caplog):
        with caplog.at_level(logging.DEBUG):
            where = send(browser, page).url

        told = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
        assert [words for words in [where, *told] if "Cannot sleep" in words] == []

    def test_looking_is_in_the_trail(self, browser, page, patient):
        send(browser, page)
        browser.get(page)

        event = AuditEvent.objects.get(action="read", record_id=Intake.objects.get().pk)
        assert (event.by, event.patient_id) == (patient.user, patient.pk)

    def test_asks_the_database_as_often_however_often_it_was_answered(self, browser, page):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(page).status_code == 200
            return len(asked)

        send(browser, page)
        count()
        once = count()
        for heart in ["no", "yes", "no"]:
            send(browser, page, heart=heart)

        count()
        assert count() == once


class TestAppointment:
    def test_leads_there_until_the_consultation(self, browser, page, confirmed, forced):
        address = reverse("appointment", args=[confirmed.pk])

        before = browser.get(address).content.decode()
        send(browser, page)
        after = browser.get(address).content.decode()
        forced(confirmed, "completed")
        over = browser.get(address).content.decode()

        assert "Answer the questions" in before
        assert "Change your answers" in after
        assert "Your answers" in over
        assert "Change your answers" not in over
