"""The answers before the visit, on the consultation page."""

import re

import pytest
from django.urls import reverse

from clinic import answering, consulting
from clinic.models import Questionnaire

pytestmark = pytest.mark.django_db


@pytest.fixture
def say(confirmed):
    def do(**answers) -> None:
        asked = Questionnaire.objects.get()
        answering.save(confirmed, questionnaire=asked, answers=answers, by=confirmed.patient.user)

    return do


@pytest.fixture
def read(confirmed, doctor, staff_client):
    """The section of the consultation page, as words."""

    def do() -> str:
        encounter = consulting.open(confirmed, by=doctor.user)
        page = staff_client(doctor.user).get(reverse("admin:clinic_encounter_change", args=[encounter.pk]))
        section = re.search(r'<section class="cs-card" id="intake".*?</section>', page.content.decode(), re.S)
        return " ".join(re.sub("<[^>]+>", " ", section[0]).split())

    return do


def test_says_that_nothing_was_answered(read):
    assert read() == ("Answers before the visit The patient has not answered the questions before the visit.")


def test_shows_red_flags_before_the_answers(say, read):
    say(reason="Cannot sleep", driving="yes", heart="yes")

    words = read()

    assert (
        words.index("Serious: Heart condition.")
        < words.index("Caution: Drives,")
        < words.index("Cannot sleep")
    )
    assert "Changed" not in words


def test_marks_what_was_answered_otherwise_before(say, read):
    say(heart="yes")
    say(heart="no")

    words = read()

    assert "Answered otherwise since: Heart condition." in words
    assert "ever had a heart condition? No Changed Before: Yes," in words


def test_shows_what_a_patient_wrote_as_text(say, confirmed, doctor, staff_client):
    say(reason="<script>alert(1)</script>")
    encounter = consulting.open(confirmed, by=doctor.user)

    page = staff_client(doctor.user).get(reverse("admin:clinic_encounter_change", args=[encounter.pk]))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()
    assert "<script>alert(1)" not in page.content.decode()
