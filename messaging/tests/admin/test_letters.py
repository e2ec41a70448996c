import pytest
from django.urls import reverse

from messaging import mailing
from messaging.models import Delivery, Letter

pytestmark = pytest.mark.django_db

LIST = "/admin/messaging/letter/"


@pytest.fixture
def letter(patient):
    letter = mailing.queue("clinic/mail/appointment_moved", recipient=patient, to=patient.email, context={})
    letter.move_to(
        Letter.Status.SENT,
        by=None,
        subject="A <reminder>",
        body="Please <b>sign in</b>: https://clinic.example/portal/",
        sent_at=letter.created_at,
    )
    return letter


@pytest.fixture
def page(letter):
    return reverse("admin:messaging_letter_change", args=[letter.pk])


class TestLetterAdmin:
    @pytest.mark.parametrize(
        ("who", "status"), [("manager", 200), ("reception", 200), ("auditor", 200), ("doctor", 403)]
    )
    def test_opens_for_those_who_may(self, request, staff_client, page, who, status):
        browser = staff_client(request.getfixturevalue(who))

        assert [browser.get(address).status_code for address in (LIST, page)] == [status, status]

    def test_shows_the_letter_as_it_reads(self, staff_client, manager, page):
        html = staff_client(manager).get(page).content.decode()

        assert html.count("Please &lt;b&gt;sign in&lt;/b&gt;:") == 1
        assert html.count('<a href="https://clinic.example/portal/"') == 1

    def test_keeps_a_confidential_letter_from_the_practice(
        self, staff_client, manager, page, letter, settings
    ):
        settings.DEMO = False
        letter.change(by=None, is_confidential=True)

        html = staff_client(manager).get(page).content.decode()

        assert html.count("https://clinic.example/portal/") == 0
        assert html.count("Its links open the reader’s account, so the text is not shown here.") == 1

    def test_keeps_it_from_its_versions_too(self, staff_client, manager, patient):
        letter = mailing.queue(
            "account/mail/welcome", recipient=patient, to="a@b.example", context={}, is_confidential=True
        )
        letter.change(by=None, subject="Choose another", body="A secret link", context={"link": "a secret"})

        html = staff_client(manager).get(f"{LIST}{letter.pk}/history/").content.decode()

        assert [word for word in ("Context", "Body", "secret") if word in html] == ["Context", "Body"]

    def test_sends_again_by_a_button(self, staff_client, manager, page, letter):
        button = reverse("admin:messaging_letter_send_again", args=[letter.pk])

        staff_client(manager).post(button, {"_form_submitted": "1"})

        assert letter.copies.get().status == Letter.Status.OWED

    def test_gives_an_auditor_no_button(self, staff_client, auditor, letter):
        button = reverse("admin:messaging_letter_send_again", args=[letter.pk])

        response = staff_client(auditor).post(button, {"_form_submitted": "1"})

        assert response.status_code == 403
        assert not letter.copies.exists()

    def test_lists_three_as_quickly_as_one(
        self, staff_client, manager, patient, letter, django_assert_max_num_queries
    ):
        browser = staff_client(manager)
        browser.get(LIST)
        with django_assert_max_num_queries(100) as one:
            browser.get(LIST)
        for _ in range(2):
            mailing.queue("clinic/mail/appointment_moved", recipient=patient, to=patient.email, context={})

        with django_assert_max_num_queries(100) as three:
            browser.get(LIST)

        assert len(three) == len(one)


@pytest.fixture
def outbox(patient, letter):
    """Letters in each state: delivered, come back, sent without a report, owed, and not wanted."""
    for number, outcome in enumerate(["delivered", "bounced", None], start=1):
        sent = mailing.queue(
            "clinic/mail/appointment_confirmed", recipient=patient, to=f"{number}@example.com", context={}
        )
        sent.move_to(Letter.Status.SENT, by=None, message_id=f"m-{number}", sent_at=sent.created_at)
        if outcome:
            Delivery.objects.create(
                event_id=str(number),
                message_id=f"m-{number}",
                to=sent.to,
                outcome=outcome,
                at=sent.created_at,
                reason="550 5.1.1 No such <user>",
            )
    mailing.queue("account/mail/welcome", recipient=patient, to="4@example.com", context={})
    unwanted = mailing.queue("billing/mail/receipt_ready", recipient=patient, to="5@example.com", context={})
    unwanted.move_to(Letter.Status.DROPPED, by=None, dropped_for="unwanted")


@pytest.mark.usefixtures("outbox")
class TestDeliveryLog:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("?kind=clinic/mail/appointment_confirmed", {"1", "2", "3"}),
            ("?status__exact=owed", {"4"}),
            ("?dropped_for__exact=unwanted", {"5"}),
            ("?delivery=bounced", {"2"}),
            ("?delivery=delivered", {"1"}),
            ("?delivery=unknown", {"3", "patient"}),
            ("?q=receipt+ready", {"5"}),
            ("?q=2@example", {"2"}),
            ("?kind=nonsense&delivery=nonsense", {"1", "2", "3", "4", "5", "patient"}),
            ("?created_at_from_0=01/01/2099&created_at_from_1=00:00", set()),
            ("?created_at_to_0=01/01/2020", set()),
            ("?created_at_from_0=no+day", {"1", "2", "3", "4", "5", "patient"}),
            ("?sent_at_from_0=01/01/2020&sent_at_from_1=00:00", {"1", "2", "3", "patient"}),
        ],
    )
    def test_is_found_by(self, staff_client, manager, asked, found):
        answer = staff_client(manager).get(LIST + asked)

        assert {letter.to.partition("@")[0] for letter in answer.context["cl"].result_list} == found

    def test_shows_on_the_letter_what_was_reported_and_why_one_was_not_sent(self, staff_client, manager):
        browser = staff_client(manager)
        pages = {
            letter.to: browser.get(
                reverse("admin:messaging_letter_change", args=[letter.pk])
            ).content.decode()
            for letter in Letter.objects.filter(to__in=["2@example.com", "5@example.com"])
        }

        assert "Came back: no such mailbox" in pages["2@example.com"]
        assert "550 5.1.1 No such &lt;user&gt;" in pages["2@example.com"]
        assert "The reader does not want such letters" in pages["5@example.com"]

    def test_takes_as_many_statements_for_many_as_for_few(
        self, staff_client, manager, patient, django_assert_max_num_queries
    ):
        browser = staff_client(manager)
        browser.get(LIST)
        with django_assert_max_num_queries(100) as few:
            browser.get(f"{LIST}?delivery=bounced&q=example")
        Letter.objects.filter(status="sent").update(message_id="m-2")
        with django_assert_max_num_queries(100) as many:
            answer = browser.get(f"{LIST}?delivery=bounced&q=example")

        assert answer.context["cl"].result_count == 4
        assert len(many) == len(few)
