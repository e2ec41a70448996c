"""Who sees which conversation and which letter."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.base import uuid7
from messaging import calling, chatting, choosing, mailing, nudging, withdrawing
from messaging.models import (
    Attachment,
    Call,
    CallReport,
    Choice,
    Delivery,
    Letter,
    Member,
    Message,
    Mobile,
    Nudge,
    Reply,
    Room,
    Withdrawal,
)

pytestmark = pytest.mark.django_db

SEES = {
    "patient": True,
    "doctor": True,
    "stranger": False,
    "manager": False,
    "reception": False,
    "auditor": True,
}


@pytest.mark.parametrize(("who", "sees"), SEES.items())
@pytest.mark.parametrize(("model", "rows"), [(Room, 1), (Member, 2), (Message, 1), (Withdrawal, 1)])
def test_a_conversation(request, room, patient, who, sees, model, rows):
    withdrawing.withdraw(chatting.post(room, by=patient, text="Hello"), by=patient, reason="mistake")

    visible = model.objects.visible_to(request.getfixturevalue(who))

    assert visible.count() == (rows if sees else 0)


@pytest.mark.parametrize(("who", "sees"), SEES.items())
def test_a_call(request, room, patient, monkeypatch, who, sees):
    monkeypatch.setattr(calling, "ABOVE", [])
    calling.join(room, by=patient, page_id=uuid7(), modality="audio")
    user = request.getfixturevalue(who)

    assert Call.objects.visible_to(user).exists() is sees
    assert CallReport.objects.visible_to(user).exists() is sees


@pytest.mark.parametrize(("who", "sees"), SEES.items())
def test_a_file_of_a_message(request, room, patient, who, sees):
    kept = {"kind": "image", "name": "a.jpg", "size": 1, "width": 1, "height": 1}
    file = kept | {"file": "a", "sha256": "", "thumbnail": "b", "thumbnail_sha256": ""}
    chatting.post(room, by=patient, text="", files=[file])

    assert Attachment.objects.visible_to(request.getfixturevalue(who)).exists() is sees


def test_a_doctor_does_not_see_a_colleagues_conversation(room, make_user):
    assert not Room.objects.visible_to(make_user("doctor", "colleague")).exists()


LETTERS = {
    "patient": True,
    "doctor": False,
    "stranger": False,
    "manager": True,
    "reception": True,
    "auditor": True,
}


@pytest.mark.parametrize(("who", "sees"), LETTERS.items())
def test_a_letter(request, patient, who, sees):
    mailing.queue("clinic/mail/appointment_confirmed", recipient=patient, to=patient.email, context={})

    assert Letter.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


@pytest.mark.parametrize(("who", "sees"), LETTERS.items())
def test_a_choice_of_letters(request, patient, who, sees):
    choosing.choose(patient, wanted={"reminders", "messages", "notices"}, by=patient)

    assert Choice.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


@pytest.mark.parametrize(("who", "sees"), {**LETTERS, "patient": False}.items())
def test_a_report_about_a_letter(request, patient, who, sees):
    Delivery.objects.create(event_id="1", to=patient.email, outcome="delivered", at=patient.created_at)

    assert Delivery.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


@pytest.mark.parametrize(("who", "sees"), LETTERS.items())
def test_a_mobile_number(request, patient, who, sees):
    choosing.choose(patient, wanted=set(), by=patient, mobile="+61412345678")

    assert Mobile.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


@pytest.mark.parametrize(("who", "sees"), {**LETTERS, "patient": False}.items())
def test_a_reply(request, patient, who, sees):
    Reply.objects.create(event_id="1", number="+61412345678", word="stop")

    assert Reply.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


@pytest.mark.parametrize(("who", "sees"), SEES.items())
def test_a_nudge(request, room, patient, doctor, who, sees):
    chatting.post(room, by=doctor, text="Hello")
    nudging.nudge(now=timezone.now() + timedelta(minutes=11))

    assert Nudge.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)
