"""What people may do follows from their role alone."""

import pytest

from clinic.models import Role
from clinic.roles import GRANTS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role.values)
def test_a_person_may_do_what_their_role_may(make_user, role):
    user = make_user(role)

    assert user.get_all_permissions() == set(GRANTS[role])
    assert user.has_perms(GRANTS[role])


def test_nobody_may_do_what_is_not_granted(make_user):
    manager = make_user("manager")

    assert not manager.has_perm("clinic.view_note")
    assert not manager.has_perm("clinic.delete_patient")
    assert not manager.has_module_perms("otp_totp")


def test_a_closed_account_may_do_nothing(make_user):
    manager = make_user("manager", is_active=False)

    assert manager.get_all_permissions() == set()
    assert not manager.has_perm("clinic.view_patient")


@pytest.mark.parametrize("role", [Role.PATIENT, Role.RECEPTION])
def test_the_catalogue_is_not_for_everybody(make_user, role):
    assert not make_user(role).has_module_perms("catalog")


def test_nothing_is_ever_deleted_by_permission():
    assert [perm for granted in GRANTS.values() for perm in granted if ".delete_" in perm] == []
