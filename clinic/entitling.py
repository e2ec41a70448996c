"""Who had which right at a moment: roles as versions of accounts tell, rights as they were written down."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.db.models import OuterRef, Subquery

from clinic.models import Practitioner, Role, RoleGrant, User
from clinic.roles import GRANTS


class Entitled(NamedTuple):
    """A person of the practice at a moment."""

    user: User
    name: str
    role: str
    role_name: str
    may_sign_in: bool
    since: datetime.datetime
    """Since when they had this role, by the oldest version in a row that says so."""
    registered: str
    """Of a doctor: whether a second manager had verified the registration."""


class Rights(NamedTuple):
    role: str
    name: str
    since: datetime.datetime
    rights: list[str]


def ship(**kwargs: Any) -> None:
    """Write down what each role may do where that is not what stands there already."""
    for role, granted in GRANTS.items():
        newest = RoleGrant.objects.filter(role=role).first()
        if newest is None or set(newest.permissions) != granted:
            RoleGrant.objects.create(role=role, permissions=sorted(granted))


def people(at: datetime.datetime) -> list[Entitled]:
    """Everybody of the practice at the moment ``at``, by role and name; three statements."""
    versions = User.history.filter(history_date__lte=at).exclude(role=Role.PATIENT)
    newest = User.history.filter(id=OuterRef("id"), history_date__lte=at).order_by(
        "-history_date", "-history_id"
    )
    then = [
        *versions.filter(history_id=Subquery(newest.values("history_id")[:1]))
        .exclude(history_type="-")
        .order_by("role", "family_name", "given_name", "id")
    ]
    users = User.objects.in_bulk([version.id for version in then])
    registered = _registered(at)
    since = _since([version.id for version in then], at)
    return [
        Entitled(
            users[version.id],
            f"{version.given_name} {version.family_name}".strip() or version.email,
            version.role,
            Role(version.role).label,
            version.is_active,
            since[version.id],
            registered.get(version.id, ""),
        )
        for version in then
    ]


def _since(keys: list[Any], at: datetime.datetime) -> dict[Any, datetime.datetime]:
    """From when each had the role of then, without a break."""
    found: dict[Any, tuple[str, datetime.datetime]] = {}
    told = User.history.filter(id__in=keys, history_date__lte=at).order_by("history_date", "history_id")
    for key, role, day in told.values_list("id", "role", "history_date"):
        if key not in found or found[key][0] != role:
            found[key] = (role, day)
    return {key: day for key, (_, day) in found.items()}


def _registered(at: datetime.datetime) -> dict[Any, str]:
    told = Practitioner.history.filter(history_date__lte=at).order_by("history_date", "history_id")
    rows = told.values_list("user_id", "verified_at")
    return {user: "verified" if verified else "not verified" for user, verified in rows}


def rights(at: datetime.datetime) -> list[Rights]:
    """What each role might do at the moment ``at``: the newest that was written down until then."""
    newest: dict[str, RoleGrant] = {}
    for grant in RoleGrant.objects.filter(recorded_at__lte=at).order_by("recorded_at", "pk"):
        newest[grant.role] = grant
    names = _names()
    return [
        Rights(
            role.value,
            role.label,
            newest[role].recorded_at,
            sorted(names.get(one, one) for one in newest[role].permissions),
        )
        for role in Role
        if role in newest
    ]


def _names() -> dict[str, str]:
    told = Permission.objects.select_related("content_type").order_by("pk")
    return {f"{one.content_type.app_label}.{one.codename}": one.name for one in told}
