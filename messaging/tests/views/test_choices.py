"""The page on which people choose their letters."""

import pytest

from messaging import choosing, delivering
from messaging.models import Choice, Delivery

pytestmark = pytest.mark.django_db
PAGE = "/accounts/letters/"


def test_shows_what_one_gets_and_what_always_comes(browser_of, patient):
    choosing.choose(patient, wanted={"reminders"}, by=patient)

    answer = browser_of(patient).get(PAGE)

    page = answer.content.decode()
    assert [(box.name, box.value()) for box in answer.context["form"]] == [
        ("reminders", True),
        ("messages", False),
        ("papers", False),
        ("notices", False),
    ]
    assert page.count("They cannot be turned off") == 1
    assert "Your account and its safety" in page


def test_keeps_the_choice_as_their_own(browser_of, patient):
    answer = browser_of(patient).post(PAGE, {"papers": "on"})

    assert (answer.status_code, answer.url) == (302, PAGE)
    assert choosing.wanted_by(patient) == {"papers"}
    assert {choice.history.get().history_user for choice in Choice.objects.all()} == {patient}


def test_what_always_comes_cannot_be_sent_away(browser_of, patient):
    browser_of(patient).post(
        PAGE, {"reminders": "on", "messages": "on", "papers": "on", "notices": "on", "account": ""}
    )

    assert not Choice.objects.exists()


def test_everybody_sees_their_own_only(browser_of, patient, stranger):
    choosing.choose(patient, wanted=set(), by=patient)

    answer = browser_of(stranger).get(PAGE)

    assert [box.value() for box in answer.context["form"]] == [True, True, True, True]


def test_staff_choose_about_their_messages(staff_client, doctor):
    browser = staff_client(doctor)

    boxes = [box.name for box in browser.get(PAGE).context["form"]]
    browser.post(PAGE, {})

    assert (boxes, choosing.wanted_by(doctor)) == (["messages"], set())


def test_asks_who_is_not_signed_in_to_do_so(client, browser_of, doctor):
    assert client.get(PAGE).headers["Location"].startswith("/accounts/login/")
    assert browser_of(doctor).get(PAGE).status_code == 403  # without the second factor


@pytest.mark.parametrize(
    ("outcome", "says"), [("bounced", "come back to us"), ("complained", "marked as spam")]
)
def test_says_when_letters_do_not_reach_them(browser_of, patient, outcome, says):
    Delivery.objects.create(event_id="1", to=patient.email.upper(), outcome=outcome, at=patient.created_at)

    assert says in browser_of(patient).get(PAGE).content.decode()
    delivering.clear(patient.email, by=patient)
    assert says not in browser_of(patient).get(PAGE).content.decode()
