"""Who signs in, and in which role."""

from __future__ import annotations

from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from config.base import Kept, ScopedQuerySet, Traced, uuid7


class Role(models.TextChoices):
    MANAGER = "manager", "Practice manager"
    RECEPTION = "reception", "Reception"
    DOCTOR = "doctor", "Doctor"
    AUDITOR = "auditor", "Auditor"
    PATIENT = "patient", "Patient"


def known_zone(name: str) -> None:
    """:raises ValidationError: ``name`` is no IANA time zone"""
    if name not in available_timezones():
        raise ValidationError(
            "“%(name)s” is not a time zone. Choose one such as Australia/Sydney.", params={"name": name}
        )


class UserQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_user") else self.filter(pk=user.pk)


class Users(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # unknown to django-stubs
    """Creates people with an e-mail address instead of a user name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user


class AccountHistory(HistoricalRecords):
    """Versions of an account, but not one for every sign-in: that is in the audit trail."""

    def post_save(self, instance: User, created: bool, update_fields: Any = None, **kwargs: Any) -> None:
        if created or set(update_fields or {"all"}) != {"last_login"}:
            super().post_save(instance, created, **kwargs)


class User(Kept, AbstractBaseUser, PermissionsMixin):
    """A person who can sign in."""

    # What a role may do stands in clinic/roles.py; nobody stands above it.
    is_superuser = False
    groups = None  # type: ignore[assignment]  # how Django drops a field of an abstract base
    user_permissions = None  # type: ignore[assignment]

    email = models.EmailField("e-mail address", max_length=254)
    given_name = models.CharField("given names", max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.PATIENT, editable=False)
    time_zone = models.CharField(max_length=50, default="Australia/Sydney", validators=[known_zone])
    is_active = models.BooleanField("can sign in", default=True)
    # Its own, because a password's hash has no place in a history that auditors read.
    history = AccountHistory(
        bases=[Traced],
        history_id_field=models.UUIDField(default=uuid7, editable=False),
        excluded_fields=["password", "last_login"],
    )

    objects: ClassVar[Users] = Users()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["family_name", "given_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="%(app_label)s_%(class)s_email_once",
                violation_error_message="There is already an account with this e-mail address.",
            ),
        ]
        indexes = [
            GinIndex(
                fields=["given_name", "family_name", "email"],
                opclasses=["gin_trgm_ops"] * 3,
                name="clinic_user_search",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def get_full_name(self) -> str:
        # Some people have one name only; Medicare prints it as the family name.
        return f"{self.given_name} {self.family_name}".strip()

    def get_short_name(self) -> str:
        return self.given_name or self.family_name

    @property
    def is_staff(self) -> bool:
        """May come to the admin's door, where the second factor is asked."""
        return self.role != Role.PATIENT
