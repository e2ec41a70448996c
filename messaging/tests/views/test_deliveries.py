"""Reports of a provider about letters: repeated, in bundles, in any order, and from strangers."""

import base64
import json
from datetime import UTC, datetime

import pytest

from messaging import delivering, mailing
from messaging.models import Delivery, Letter

DOOR = "/webhook/letters/"
SECRET = "reports:" + "k" * 24
AT = 1_790_000_000


@pytest.fixture(autouse=True)
def provider(settings):
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "mailtrap", SECRET
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def letter(patient):
    letter = mailing.queue(
        "clinic/mail/appointment_moved", recipient=patient, to="patient@example.com", context={}
    )
    letter.move_to(Letter.Status.SENT, by=None, message_id="m-1", sent_at=letter.created_at)
    return letter


def event(kind: str, *, number: str = "e-1", at: int = AT, to="patient@example.com", **more) -> dict:
    return {"event": kind, "event_id": number, "message_id": "m-1", "email": to, "timestamp": at, **more}


def report(client, *events, secret: str = SECRET, body: str | None = None):
    shown = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    told = json.dumps({"events": events}) if body is None else body
    return client.post(DOOR, told, content_type="application/json", headers=shown)


def outcome(letter: Letter) -> str:
    return delivering.with_outcome(Letter.objects.filter(pk=letter.pk)).get().outcome


@pytest.mark.django_db
class TestReports:
    def test_are_kept_with_the_letter(self, client, letter):
        answer = report(client, event("delivery"))

        [told] = delivering.reports_about(letter)
        assert answer.status_code == 200
        assert (told.outcome, told.at) == ("delivered", datetime.fromtimestamp(AT, UTC))

    def test_the_same_twice_is_kept_once(self, client, letter):
        statuses = [report(client, event("delivery"), event("delivery")).status_code for _ in range(2)]

        assert (statuses, Delivery.objects.count()) == ([200, 200], 1)

    def test_providers_that_number_nothing_are_heard_once_too(self, client, letter, settings):
        settings.MAIL_PROVIDER = "postmark"
        told = {
            "RecordType": "Delivery",
            "MessageID": "m-1",
            "Recipient": "patient@example.com",
            "DeliveredAt": "2026-11-25T01:00:00Z",
        }

        for _ in range(2):
            report(client, body=json.dumps(told))

        assert [one.outcome for one in delivering.reports_about(letter)] == ["delivered"]

    @pytest.mark.parametrize("backwards", [False, True])
    def test_the_order_in_which_they_come_is_all_the_same(self, client, letter, backwards):
        events = [
            event("soft bounce", number="a", at=AT),
            event("delivery", number="b", at=AT + 60),
            event("spam", number="c", at=AT + 600),
        ]
        for one in reversed(events) if backwards else events:
            report(client, one)

        assert outcome(letter) == "complained"
        assert [one.outcome for one in delivering.reports_about(letter)] == [
            "deferred",
            "delivered",
            "complained",
        ]

    def test_may_come_before_we_know_what_the_provider_calls_the_letter(self, client, letter):
        letter.change(by=None, message_id="")
        report(client, event("delivery"))
        before = outcome(letter)

        letter.change(by=None, message_id="m-1")

        assert (before, outcome(letter)) == (None, "delivered")

    def test_what_readers_open_and_click_is_not_kept(self, client, letter):
        answer = report(client, event("open"), event("click", url="https://clinic.example/"))

        assert (answer.status_code, Delivery.objects.count()) == (200, 0)

    @pytest.mark.parametrize("secret", ["", "reports:wrong", "other:" + "k" * 24, "reports:é"])
    def test_nobody_else_reports(self, client, letter, secret):
        answer = report(client, event("delivery"), secret=secret)

        assert (answer.status_code, Delivery.objects.count()) == (403, 0)

    @pytest.mark.parametrize(("provider", "secret"), [("", SECRET), ("mailtrap", ""), ("nobody", SECRET)])
    def test_without_provider_or_secret_there_is_no_door(self, client, settings, provider, secret):
        settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = provider, secret
        settings.ANYMAIL = {"WEBHOOK_SECRET": secret}

        assert report(client, event("delivery")).status_code == 404

    @pytest.mark.parametrize(
        "body", ["", "not JSON", "[1]", "null", '{"events": [1]}', '{"events": [{"email": "a@b.example"}]}']
    )
    def test_what_cannot_be_read_is_refused_and_nothing_kept(self, client, body):
        answer = report(client, body=body)

        assert (answer.status_code, Delivery.objects.count()) == (400, 0)

    def test_is_asked_whether_it_is_there_and_shows_nothing(self, client):
        assert (client.head(DOOR).status_code, client.get(DOOR).status_code) == (200, 405)


@pytest.mark.django_db
class TestAgainst:
    """What a report means for the next letter to the same address."""

    @pytest.fixture
    def optional(self, patient):
        return mailing.queue("clinic/mail/document_ready", recipient=patient, to=patient.email, context={})

    def bounce(self, client, *, at=AT, number="b", **more):
        more = {"response": "550 5.1.1 No such user", **more}
        report(client, event("bounce", at=at, number=number, **more))

    def test_a_mailbox_that_is_not_there_gets_only_what_is_essential(self, client, letter, optional):
        self.bounce(client)

        assert mailing.why_not(optional) == Letter.Dropped.UNREACHABLE
        assert mailing.why_not(letter) is None

    @pytest.mark.parametrize("kind", ["spam", "unsubscribe"])
    def test_so_does_who_marks_us_as_spam_or_unsubscribes(self, client, letter, optional, kind):
        report(client, event(kind))

        assert mailing.why_not(optional) == Letter.Dropped.UNREACHABLE

    @pytest.mark.parametrize("kind", ["soft bounce", "delivery"])
    def test_not_who_is_only_late(self, client, letter, optional, kind):
        report(client, event(kind))

        assert mailing.why_not(optional) is None

    @pytest.mark.parametrize(
        "response",
        [
            "452 4.2.2 Mailbox full",
            "552 5.2.2 Over quota",
            "The mailbox is full",
            "Temporarily deferred",
            "421 Busy",
        ],
    )
    def test_not_whose_mailbox_was_only_full_or_out_of_order(self, client, letter, optional, response):
        self.bounce(client, response=response)

        assert mailing.why_not(optional) is None
        assert outcome(letter) == "refused"

    @pytest.mark.parametrize(
        "response", ["550 5.1.1 No such user", "550 5.4.1 Recipient rejected, 452 of 1,000", "", "5.7.1 4xx"]
    )
    def test_but_whose_mailbox_is_not_there(self, client, letter, optional, response):
        self.bounce(client, response=response)

        assert mailing.why_not(optional) == Letter.Dropped.UNREACHABLE

    @pytest.mark.parametrize(
        ("kind", "found"), [("SoftBounce", "refused"), ("HardBounce", "bounced"), ("Transient", "deferred")]
    )
    def test_a_provider_tells_them_apart_by_words_of_its_own(self, client, letter, settings, kind, found):
        settings.MAIL_PROVIDER = "postmark"
        told = {"RecordType": "Bounce", "ID": 4, "Type": kind, "MessageID": "m-1", "Email": letter.to}

        answer = report(client, body=json.dumps(told | {"BouncedAt": "2026-11-25T01:00:00Z"}))

        assert (answer.status_code, outcome(letter)) == (200, found)

    def test_a_letter_that_arrived_later_speaks_for_the_mailbox(self, client, letter, optional):
        report(client, event("delivery", at=AT + 60, number="later"))  # heard of before the bounce
        self.bounce(client)

        assert mailing.why_not(optional) is None

    def test_but_not_for_one_who_complained(self, client, letter, optional):
        report(client, event("spam"), event("delivery", at=AT + 60, number="later"))

        assert mailing.why_not(optional) == Letter.Dropped.UNREACHABLE

    def test_another_address_is_another_mailbox(self, client, letter, optional):
        self.bounce(client)
        optional.change(by=None, to="new@example.com")

        assert mailing.why_not(optional) is None

    def test_the_practice_clears_an_address_that_it_asked_about(self, client, letter, optional, reception):
        self.bounce(client)

        delivering.clear("Patient@example.com", by=reception)

        assert mailing.why_not(optional) is None
        assert Delivery.objects.get(outcome="cleared").recorded_by == reception
        with pytest.raises(delivering.NothingToClear):
            delivering.clear("patient@example.com", by=reception)
