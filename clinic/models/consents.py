"""What patients are asked to agree to, version by version, and what they said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from clinic.models.patients import Patient
from config.base import Fact, Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User

BODY_MAX = 5000
NAMED = re.compile(r"\{([^{}\n]*)\}")


class ConsentKind(models.TextChoices):
    PRIVACY = "privacy", "Privacy collection notice"
    TELEHEALTH = "telehealth", "Consultation by voice or video"
    FEES = "fees", "Fees and cancellation"
    # Of before it was asked for a class: it counts for none.
    UNAPPROVED = "unapproved", "Unapproved therapeutic good"
    UNAPPROVED_S4 = "unapproved_s4", "Unapproved medicine of Schedule 4, not inhaled"
    UNAPPROVED_S4_INHALED = "unapproved_s4_inhale", "Unapproved medicine of Schedule 4, inhaled"
    UNAPPROVED_S8 = "unapproved_s8", "Unapproved medicine of Schedule 8, not inhaled"
    UNAPPROVED_S8_INHALED = "unapproved_s8_inhale", "Unapproved medicine of Schedule 8, inhaled"
    SHARE_GP = "share_gp", "Letters to the usual GP"
    MARKETING = "marketing", "Offers of the practice"


def fingerprint(words: str) -> str:
    return sha256(words.encode()).hexdigest()


def fill(body: str, told: Mapping[str, str]) -> str:
    """Put what is ``told`` in place of its names in braces, as the database does when it checks a yes."""
    return NAMED.sub(lambda found: told.get(found[1], found[0]), body)


class ConsentTextQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self  # read by everybody who is asked

    def in_force(self) -> Self:
        """Of each kind the newest version."""
        return self.order_by("kind", "-version").distinct("kind")

    def of(self, kind: str) -> Self:
        """The versions of one kind: the first of them is in force."""
        return self.filter(kind=kind).order_by("-version")


class ConsentText(Fact):
    """One version of what patients agree to. Written once: a yes points to the version that was read."""

    GAPLESS = ("kind", "version")

    kind = models.CharField(max_length=20, choices=ConsentKind)
    version = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    body = models.TextField("text", max_length=BODY_MAX)
    sha256 = models.CharField("fingerprint of the text", max_length=64)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = "version of a consent text"
        verbose_name_plural = "versions of consent texts"
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="%(app_label)s_%(class)s_version_once"),
            models.CheckConstraint(
                condition=~Q(body="") & Q(version__gte=1), name="%(app_label)s_%(class)s_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.version}"


class ConsentDraftQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_consentdraft") else self.none()


class ConsentDraft(Record):
    """What the next version of a text will say; nobody is asked for it before it is published."""

    kind = models.CharField(max_length=20, choices=ConsentKind, unique=True, editable=False)
    body = models.TextField("text", max_length=BODY_MAX)

    objects = ConsentDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "consent text"
        ordering = ["kind"]
        permissions = [("publish_consenttext", "Can have patients asked to agree to a text")]
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="%(app_label)s_%(class)s_says_something")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class ConsentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def newest(self) -> Self:
        """The answers that count: of each patient and kind, the last one."""
        return self.order_by("patient_id", "kind", "-recorded_at", "-pk").distinct("patient_id", "kind")

    def beside_words(self) -> Self:
        """Each with ``in_force``, the fingerprint of the words that count for its kind now."""
        newest = ConsentText.objects.filter(kind=OuterRef("kind")).order_by("-version")
        return self.annotate(in_force=Subquery(newest.values("sha256")[:1]))


class Consent(Fact):
    """One patient's answer to one version of one text; of a kind, the newest answer counts."""

    PATIENT = "patient_id"

    Kind = ConsentKind
    in_force: str
    """The fingerprint of the words that count now; only ``beside_words`` reads it."""

    class Answer(models.TextChoices):
        GIVEN = "given"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=20, choices=ConsentKind)
    answer = models.CharField(max_length=20, choices=Answer, default=Answer.GIVEN)
    why = models.CharField("reason", max_length=300, blank=True)
    # Without one are only those of before the words were kept: the database takes no more of them.
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, editable=False, related_name="consents")
    told = models.JSONField("put in for the names in the text", default=dict, editable=False)
    version = models.CharField(max_length=20)
    text_sha256 = models.CharField("fingerprint of the text", max_length=64)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return (
            f"{self.patient}: {self.get_kind_display().lower()} {self.get_answer_display().lower()},"
            f" version {self.version}"
        )

    @property
    def words(self) -> str:
        """In which words; of before they were kept, none."""
        return fill(self.text.body, self.told) if self.text else ""
