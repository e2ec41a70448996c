"""Links that open an account are in the mail and nowhere else."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.serializers import serialize

from clinic import enrolling, linking
from clinic.models import Role
from messaging import mailing
from messaging.models import Letter

LINK = re.compile(r"http://127\.0\.0\.1:8000/accounts/(?:confirm-email|password/reset/key)/\S+")


@pytest.fixture
def person(make_user):
    user = make_user("reception")
    EmailAddress.objects.create(user=user, email=user.email)
    return user


@pytest.fixture(params=linking.SECRETS)
def letter(request, person):
    return mailing.queue(
        request.param,
        recipient=person,
        to=person.email,
        context={"role": "reception"},
        is_confidential=True,
    )


class TestSecrets:
    def test_are_in_the_mail_and_in_no_row(self, letter):
        mailing.send(letter)

        text, _ = mail.outbox[0].body, letter.refresh_from_db()
        kept = serialize("json", [letter, *letter.history.all()])
        assert (letter.status, letter.body) == (Letter.Status.SENT, "")
        assert len(LINK.findall(text)) == 1
        assert kept.count("/accounts/") == 0

    def test_are_not_made_for_an_address_that_is_no_longer_theirs(self, letter, person):
        EmailAddress.objects.filter(user=person).update(email="new@example.com")

        mailing.send(letter)

        letter.refresh_from_db()
        assert (letter.status, letter.last_error) == (Letter.Status.FAILED, str(mailing.Outdated()))
        assert mail.outbox == []

    def test_are_not_made_for_a_closed_account(self, letter, person, manager):
        enrolling.deactivate(person, by=manager, why="Left.")

        mailing.send(letter)

        letter.refresh_from_db()
        assert letter.status == Letter.Status.FAILED
        assert mail.outbox == []


def test_an_invitation_holds_no_link_while_it_waits(manager):
    enrolling.invite("new@example.com", role=Role.DOCTOR, given_name="", family_name="Lee", by=manager)

    letter = Letter.objects.get()
    assert letter.context == {"role": "doctor"}
