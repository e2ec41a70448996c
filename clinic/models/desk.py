"""What the auditor's desk keeps: choices of the trail to be asked again, and what each role might do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.models.people import Role
from config.base import Fact, Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class SavedViewQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """One's own, and those that others share with everybody who reads the whole trail."""
        if user.has_perm("clinic.view_every_auditevent"):
            return self.filter(Q(owner=user) | Q(is_shared=True))
        return self.filter(owner=user)

    def kept(self) -> Self:
        return self.filter(dropped_at=None)


class SavedView(Record):
    """A choice of events of the trail under a name: what is asked stands in ``query``, as in an address."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000, editable=False)
    is_shared = models.BooleanField("for everybody who reads the trail", default=False)
    dropped_at = models.DateTimeField(null=True, editable=False)
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "saved view of the trail"
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="clinic_savedview_has_a_name"),
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(dropped_at=None),
                name="clinic_savedview_name_once",
                violation_error_message="You have a view of this name already. Choose another name.",
            ),
            both_or_neither("dropped_at", "dropped_by"),
        ]

    def __str__(self) -> str:
        return self.name


class RoleGrantQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_every_auditevent") else self.none()


class RoleGrant(Fact):
    """What a role may do from ``recorded_at`` on: written after each ``migrate`` that changes it."""

    role = models.CharField(max_length=20, choices=Role)
    permissions = ArrayField(models.CharField(max_length=100))

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        indexes = [models.Index(fields=["role", "recorded_at"], name="clinic_rolegrant_then")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {len(self.permissions)} rights"
