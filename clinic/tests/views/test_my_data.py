"""My data in the portal: what patients ask, see and end by themselves."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import copying, requesting
from clinic.models import PrivacyRequest, RecordCopy

pytestmark = pytest.mark.django_db
PASSWORD = "long-enough-to-keep"


@pytest.fixture
def own(patient, client):
    patient.user.set_password(PASSWORD)
    patient.user.save()
    client.force_login(patient.user)
    return client


def text(answer) -> str:
    return answer.content.decode()


class TestPage:
    def test_leads_to_everything(self, own):
        page = text(own.get(reverse("my-data")))

        for words in ("A copy of my file", "A correction", "Offers", "outside Australia", "Close my account"):
            assert words in page
        assert "You get no offers." in page
        assert "Stripe, United States" in page
        assert reverse("my-data") in text(own.get(reverse("profile")))

    @pytest.mark.parametrize("name", ["my-data", "my-data-correction", "my-data-close"])
    def test_is_for_signed_in_patients(self, name, client, reception, staff_client):
        address = reverse(name)

        assert client.get(address).status_code == 302
        assert staff_client(reception).get(address).url == reverse("admin:index")

    def test_takes_as_many_statements_for_many_requests_as_for_one(self, own, patient):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                own.get(reverse("my-data"))
            return len(asked)

        requesting.ask(patient, kind="correction", text="One.", by=patient.user)
        count()
        few = count()
        for number in range(4):
            requesting.ask(patient, kind="correction", text=f"More {number}.", by=patient.user)

        assert count() == few


class TestCopy:
    def test_is_asked_for_with_the_password(self, own, patient):
        answer = own.post(reverse("my-data-copy"), {"password": PASSWORD})

        asked = PrivacyRequest.objects.get()
        assert answer.status_code == 302
        assert (asked.kind, asked.identified_by) == ("access", patient.user)

    @pytest.mark.parametrize("typed", [{"password": "wrong"}, {"password": ""}, {}, {"password": "x" * 5000}])
    def test_is_not_for_who_found_the_telephone(self, own, typed):
        answer = own.post(reverse("my-data-copy"), typed)

        assert answer.status_code == 400
        assert not PrivacyRequest.objects.exists()

    def test_shows_how_far_it_is_and_is_there_to_download(self, own, patient, manager, files):
        asked = requesting.ask(patient, kind="access", by=patient.user, identity_how="Signed in.")
        requesting.give(asked, by=manager)
        copying.tell_progress(asked.pk, 40)
        making = text(own.get(reverse("my-data")))
        copying.make(asked)
        made = text(own.get(reverse("my-data")))

        assert 'value="40"' in making
        assert reverse("my-data-file", args=[RecordCopy.objects.get().pk]) in made

    def test_guesses_are_counted(self, own):
        answers = [own.post(reverse("my-data-copy"), {"password": "wrong"}) for _ in range(12)]

        assert [answer.status_code for answer in answers] == [400] * 10 + [429] * 2
        assert not PrivacyRequest.objects.exists()


class TestCorrection:
    def test_is_asked_for_in_ones_own_words(self, own, patient):
        own.post(reverse("my-data-correction"), {"about": "health", "text": "I never <b>had</b> asthma."})

        asked = PrivacyRequest.objects.get()
        assert (asked.is_clinical, asked.texts.get().text) == (True, "I never <b>had</b> asthma.")
        assert "I never &lt;b&gt;had&lt;/b&gt; asthma." in text(own.get(reverse("my-data")))

    @pytest.mark.parametrize(
        "typed",
        [
            {"about": "health", "text": ""},
            {"about": "health", "text": "  "},
            {"about": "x", "text": "Wrong."},
            {"about": "health", "text": "x" * 5000},
            {"about": "health", "text": "a\x00b"},
        ],
        ids=["empty", "blank", "about", "long", "null"],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(self, own, typed):
        answer = own.post(reverse("my-data-correction"), typed)

        assert answer.status_code == 400
        assert "Please check what you entered." in text(answer)
        assert not PrivacyRequest.objects.exists()

    def test_shows_the_answer(self, own, patient, manager):
        asked = requesting.ask(patient, kind="correction", text="It is Smith.", by=patient.user)
        requesting.correct(asked, answer="Changed, thank you.", by=manager)

        page = text(own.get(reverse("my-data")))

        assert "Changed, thank you." in page
        assert "Corrected" in page

    def test_says_when_too_many_wait(self, own, patient):
        for number in range(requesting.MOST_OPEN):
            requesting.ask(patient, kind="correction", text=f"More {number}.", by=patient.user)

        answer = own.post(reverse("my-data-correction"), {"about": "details", "text": "And this."})

        assert answer.status_code == 400
        assert "This is asked for already." in text(answer)


class TestWithdraw:
    def test_takes_back_ones_own_alone(self, own, patient, make_patient):
        asked = requesting.ask(patient, kind="correction", text="It is Smith.", by=patient.user)
        other = make_patient("other")
        theirs = requesting.ask(other, kind="correction", text="Mine.", by=other.user)

        own.post(reverse("my-data-withdraw", args=[asked.pk]))
        stranger = own.post(reverse("my-data-withdraw", args=[theirs.pk]))

        asked.refresh_from_db()
        theirs.refresh_from_db()
        assert (asked.status, theirs.status, stranger.status_code) == ("withdrawn", "open", 404)


@pytest.mark.parametrize("name", ["my-data-copy", "my-data-offers"])
def test_a_look_changes_nothing(own, name):
    assert own.get(reverse(name)).status_code == 405
