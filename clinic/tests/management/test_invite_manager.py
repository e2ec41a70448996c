"""The first manager of a new clinic gets in, and only the first."""

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Role, User
from messaging.models import Letter

NAMES = ("--given-name", "Ann", "--family-name", "Lee")


def test_makes_the_account_and_owes_the_link(db, capsys):
    call_command("invite_manager", "Ann@clinic.example", *NAMES)

    user, letter = User.objects.get(), Letter.objects.get()
    assert (user.email, user.role, str(user)) == ("ann@clinic.example", Role.MANAGER, "Ann Lee")
    assert (letter.template, letter.to) == ("account/mail/invitation", user.email)
    assert capsys.readouterr().out == "The worker sends ann@clinic.example a link to choose a password.\n"


def test_refuses_where_there_is_a_manager(manager):
    with pytest.raises(CommandError, match="There is a manager already"):
        call_command("invite_manager", "ann@clinic.example", *NAMES)

    assert (User.objects.get(), Letter.objects.count()) == (manager, 0)


def test_refuses_an_address_that_somebody_has(reception):
    with pytest.raises(CommandError, match="There is already an account with this e-mail address"):
        call_command("invite_manager", reception.email.upper(), *NAMES)

    assert (User.objects.get(), Letter.objects.count()) == (reception, 0)


def test_refuses_what_is_no_address(db):
    with pytest.raises(CommandError, match="ann is not an e-mail address"):
        call_command("invite_manager", "ann", *NAMES)

    assert User.objects.count() == 0
