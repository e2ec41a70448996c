import json

import pytest
from django.urls import reverse
from django_eventstream.models import Event, EventCounter

from messaging import appearing, listening

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture(autouse=True)
def _nothing_told_yet():
    appearing._told.clear()


@pytest.fixture
def told(monkeypatch):
    """What is announced to the processes: which channel hears what."""
    heard = []

    def note(announced):
        heard.extend((event.channel, event.type, json.loads(event.data), event.id) for event in announced)

    monkeypatch.setattr(listening.MANAGER, "announce", note)
    return heard


class TestAppear:
    def test_tells_the_others_and_keeps_nothing(self, room, patient, doctor, told):
        before = (Event.objects.count(), list(EventCounter.objects.values_list("value", flat=True)))

        assert appearing.appear(room, by=patient, state="writing")

        event = {"room": str(room.pk), "by": str(patient.pk), "state": "writing", "asks": False}
        assert told == [(f"user-{doctor.pk}", "presence", event, None)]
        assert (Event.objects.count(), list(EventCounter.objects.values_list("value", flat=True))) == before

    def test_tells_the_same_once_in_a_while(self, room, patient, doctor, told):
        answers = [appearing.appear(room, by=patient, state=state) for state in ("here", "here", "writing")]

        assert answers == [True, False, True]
        assert [event["state"] for _, _, event, _ in told] == ["here", "writing"]

    def test_reviewers_strangers_and_who_left_are_not_seen(self, room, patient, stranger, auditor, told):
        member = room.members.get(user=patient)
        member.change(by=None, left_at=member.created_at)

        assert [appearing.appear(room, by=one, state="here") for one in (patient, stranger, auditor)] == [
            False
        ] * 3
        assert told == []


class TestAddress:
    def test_takes_it_and_does_not_count_as_activity(self, browser_of, patient, room, told):
        response = browser_of(patient).post(
            reverse("room-presence", args=[room.pk]), {"state": "here", "asks": True}, JSON
        )

        assert (response.json(), dict(response.cookies)) == ({"told": True}, {})
        assert told[0][2]["asks"] is True

    @pytest.mark.parametrize("sent", [{}, {"state": "asleep"}, [], "nonsense"])
    def test_refuses_what_it_does_not_know(self, browser_of, patient, room, sent, told):
        response = browser_of(patient).post(reverse("room-presence", args=[room.pk]), sent, JSON)

        assert response.status_code == 400
        assert told == []
