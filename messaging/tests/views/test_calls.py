"""The addresses of a call: for the two in the room, and nobody else."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from config.base import uuid7
from messaging import calling, chatting
from messaging.models import Signal

pytestmark = pytest.mark.django_db
ADDRESSES = ["call-join", "call-admit", "call-beat", "call-leave", "call-signal", "call-signals"]


@pytest.fixture(autouse=True)
def nobody_above(monkeypatch):
    monkeypatch.setattr(calling, "ABOVE", [])


@pytest.fixture
def post(room):
    def send(browser, name, page_id, **said):
        body = json.dumps({"page_id": str(page_id), "modality": "video", "after": 0, **said})
        return browser.post(reverse(name, args=[room.pk]), body, content_type="application/json")

    return send


@pytest.fixture
def two(browser_of, staff_client, patient, doctor):
    return browser_of(patient), staff_client(doctor)


def test_two_find_each_other(post, two, settings):
    settings.STUN_URLS = ["stun:stun.example:3478"]
    at_home, at_work = two
    here, there = uuid7(), uuid7()

    joined = post(at_home, "call-join", here).json()
    assert joined["phase"] == "waiting"
    assert joined["ice"]["iceServers"] == [{"urls": ["stun:stun.example:3478"]}]
    assert post(at_work, "call-join", there).json()["peer"]["page_id"] == str(here)
    assert post(at_work, "call-admit", there).json()["phase"] == "running"

    offer = {"description": {"type": "offer", "sdp": "v=0"}}
    sent = post(at_work, "call-signal", there, to_page=str(here), content=offer)
    assert sent.json() == {"number": 1}
    told = post(at_home, "call-signals", here).json()["signals"]
    assert told == [{"number": 1, "from": str(there), "content": offer}]

    post(at_home, "call-beat", here, is_connected=True)
    assert post(at_work, "call-beat", there, is_connected=True).json()["peer"]["is_connected"] is True
    assert post(at_work, "call-leave", there).json()["phase"] == "none"


@pytest.mark.parametrize("who", ["stranger", "auditor", "manager", "reception", "colleague", "left"])
def test_who_is_not_in_the_room_finds_nothing(
    request, post, room, who, browser_of, staff_client, doctor, make_user
):
    if who == "left":
        chatting.replace(room, leaves=doctor, joins=make_user("doctor", "next"), title="Visit", by=None)
        person = doctor
    else:
        person = make_user("doctor", "colleague") if who == "colleague" else request.getfixturevalue(who)
    browser = staff_client(person) if person.is_staff else browser_of(person)

    answers = [post(browser, name, uuid7(), to_page=str(uuid7())) for name in ADDRESSES]
    answers += [browser.get(reverse(name, args=[room.pk])) for name in ("call-state", "room-call")]

    assert {answer.status_code for answer in answers} == {404}
    assert room.calls.count() == 0


def test_who_was_signed_out_or_deactivated_is_told_so(post, room, client, staff_client, doctor):
    browser = staff_client(doctor)
    doctor.is_active = False
    doctor.save()

    for gone in (client, browser):
        assert {post(gone, name, uuid7()).status_code for name in ADDRESSES} == {401}
        assert gone.get(reverse("room-call", args=[room.pk])).status_code == 302


def test_a_doctor_without_the_second_factor_is_not_let_in(post, room, browser_of, doctor):
    browser = browser_of(doctor)

    assert {post(browser, name, uuid7()).status_code for name in ADDRESSES} == {401}
    assert browser.get(reverse("room-call", args=[room.pk])).status_code == 403


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("call-join", {"page_id": "x"}),
        ("call-join", {"modality": "hologram"}),
        ("call-beat", {"modality": None}),
        ("call-signal", {"to_page": "nobody"}),
        ("call-signal", {"to_page": str(uuid7()), "content": {"text": "hello"}}),
        ("call-signal", {"to_page": str(uuid7()), "content": {"text": "x" * 40_000}}),
        ("call-signals", {"after": -1}),
    ],
)
def test_what_is_no_message_of_a_page_is_refused_in_a_sentence(post, two, name, said):
    at_home, _ = two
    answer = post(at_home, name, said.pop("page_id", uuid7()), **said)

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert Signal.objects.count() == 0


def test_a_call_that_ended_answers_in_a_sentence(post, two):
    at_home, _ = two
    answer = post(at_home, "call-beat", uuid7())

    assert (answer.status_code, answer.json()) == (409, {"error": "This call has ended."})


def test_only_the_page_of_a_call_may_use_camera_and_microphone(room, two):
    at_home, _ = two

    call = at_home.get(reverse("room-call", args=[room.pk]))
    other = at_home.get(reverse("room", args=[room.pk]))

    assert "camera=(self), microphone=(self)" in call.headers["Permissions-Policy"]
    assert "camera=(), microphone=()" in other.headers["Permissions-Policy"]


def test_network_addresses_are_written_nowhere_else(post, room, two, caplog):
    """A signal may hold the addresses of somebody's network: no event, trail, version or log has them."""
    at_home, at_work = two
    here, there = uuid7(), uuid7()
    post(at_home, "call-join", here)
    post(at_work, "call-join", there)
    post(at_work, "call-admit", there)
    candidate = {"candidate": {"candidate": "candidate:1 1 UDP 1 203.0.113.77 5 typ host"}}
    assert post(at_work, "call-signal", there, to_page=str(here), content=candidate).status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = set()
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM \"{table}\" t WHERE t::text LIKE '%203.0.113.77%'")  # noqa: S608
            if cursor.fetchone()[0]:
                found.add(table)
    assert found == {"messaging_signal"}
    assert "203.0.113.77" not in caplog.text
    post(at_home, "call-signals", here, after=1)
    assert Signal.objects.count() == 0
