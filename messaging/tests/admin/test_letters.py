import pytest
from django.urls import reverse

from messaging import mailing
from messaging.models import Letter

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
