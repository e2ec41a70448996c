"""Who sees which conversation and which letter."""

import pytest

from config.base import uuid7
from messaging import calling, chatting, mailing, withdrawing
from messaging.models import Call, CallReport, Letter, Member, Message, Room, Withdrawal

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
