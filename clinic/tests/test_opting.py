"""Offers go to nobody who did not say yes."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic import broadcasting, consenting, enrolling, opting, surveying
from clinic.models import Addressee, Broadcast, Consent
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(make_patient):
    return {name: make_patient(name) for name in ("ada", "ben", "cleo")}


@pytest.fixture
def make_notice(manager):
    def make(**fields) -> Broadcast:
        words = {"subject": "A check-up", "text": "Come and see us in May."}
        return Broadcast.objects.add(by=manager, author=manager, **words, **fields)

    return make


def readers(notice) -> set[str]:
    found = broadcasting.readers(notice, now=timezone.now()).select_related("user")
    return {patient.user.given_name.lower() for patient in found}


class TestDefault:
    def test_who_registers_gets_none(self):
        user = enrolling.register(
            "new@example.com", password="long-enough-to-keep", given_name="New", family_name="Person"
        )

        assert not opting.is_wanted_by(user.patient)
        assert not Consent.objects.filter(kind=Consent.Kind.MARKETING).exists()

    def test_an_offer_is_for_nobody_who_said_nothing(self, cast, make_notice):
        assert readers(make_notice(is_marketing=True)) == set()
        assert readers(make_notice()) == {"ada", "ben", "cleo"}

    def test_nobody_says_yes_for_them(self):
        """Neither what one agrees to before booking, nor what a doctor asks, has offers in it."""
        assert Consent.Kind.MARKETING not in {*consenting.BEFORE_BOOKING, *surveying.ASKED}


class TestChoose:
    def test_the_newest_answer_counts(self, cast, make_notice):
        offer = make_notice(is_marketing=True)
        opting.choose(cast["ada"], wanted=True, by=cast["ada"].user)
        opting.choose(cast["ben"], wanted=True, by=cast["ben"].user)
        opting.choose(cast["ben"], wanted=False, by=cast["ben"].user)

        assert readers(offer) == {"ada"}
        opting.choose(cast["ben"], wanted=True, by=cast["ben"].user)
        assert readers(offer) == {"ada", "ben"}

    def test_keeps_which_words_and_when(self, patient):
        opting.choose(patient, wanted=True, by=patient.user)
        opting.choose(patient, wanted=True, by=patient.user)

        said = Consent.objects.get(kind=Consent.Kind.MARKETING)
        assert (said.version, len(said.text_sha256), said.recorded_by) == ("1", 64, patient.user)

    def test_on_the_page(self, patient, client):
        client.force_login(patient.user)
        answers = []
        for wanted in ("yes", "no", "perhaps"):
            client.post(reverse("my-data-offers"), {"wanted": wanted})
            answers.append(opting.is_wanted_by(patient))

        assert answers == [True, False, False]


class TestLetter:
    @pytest.fixture
    def letter(self, patient, make_notice, make_user) -> Letter:
        opting.choose(patient, wanted=True, by=patient.user)
        notice = make_notice(is_marketing=True)
        broadcasting.approve(notice, by=make_user("manager", "second"))
        broadcasting.send(notice, by=notice.author)
        broadcasting.carry_on(now=timezone.now())
        return Addressee.objects.get().letter

    def test_says_how_to_end_them_in_its_head_and_below(self, letter, patient):
        mail = mailing.render(letter)

        address = opting.address(patient)
        assert mail.extra_headers["List-Unsubscribe"] == f"<{address}>"
        assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert address in mail.body

    def test_is_not_sent_once_its_reader_said_no(self, letter, patient):
        assert mailing.is_wanted(letter)

        opting.choose(patient, wanted=False, by=patient.user)

        assert not mailing.is_wanted(letter)

    def test_a_practice_notice_has_no_such_head(self, patient, make_notice, make_user):
        notice = make_notice()
        broadcasting.approve(notice, by=make_user("manager", "second"))
        broadcasting.send(notice, by=notice.author)
        broadcasting.carry_on(now=timezone.now())

        assert "List-Unsubscribe" not in mailing.render(Addressee.objects.get().letter).extra_headers

    def test_cannot_become_an_offer_once_it_is_approved(self, make_notice, make_user, patient):
        notice = make_notice()
        broadcasting.approve(notice, by=make_user("manager", "second"))

        notice.is_marketing = True
        with pytest.raises(broadcasting.NoDraft):
            broadcasting.rewrite(notice, changed=["is_marketing"], by=notice.author)


class TestLink:
    @pytest.fixture
    def address(self, patient) -> str:
        opting.choose(patient, wanted=True, by=patient.user)
        return reverse("offers-end", args=[opting.token(patient)])

    def test_ends_them_signed_out_with_one_click(self, address, patient, client):
        """As a mail program sends it: without a cookie, without a token of the form."""
        strict = type(client)(enforce_csrf_checks=True)

        answer = strict.post(address, {"List-Unsubscribe": "One-Click"})

        assert (answer.status_code, opting.is_wanted_by(patient)) == (200, False)

    def test_a_look_changes_nothing(self, address, patient, client):
        assert client.get(address).status_code == 200
        assert opting.is_wanted_by(patient)

    @pytest.mark.parametrize("junk", ["x", "x:y", "0198:abc", "%00", "a" * 3000, "ä:ö"])
    def test_of_nobody_is_no_link(self, client, junk, db):
        for ask in (client.get, client.post):
            assert ask(f"/offers/end/{junk}/").status_code == 404

    def test_tells_nobody_whose_it_is(self, address, patient, client):
        assert patient.user.given_name not in client.get(address).content.decode()


def test_a_closed_account_gets_no_offer(patient, make_notice):
    opting.choose(patient, wanted=True, by=patient.user)
    patient.user.change(by=None, is_active=False)

    assert readers(make_notice(is_marketing=True)) == set()
