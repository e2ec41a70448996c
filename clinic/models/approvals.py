"""Authorities of the TGA to use unapproved goods, and what it is told of their use."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from clinic.models.patients import Patient
from clinic.models.practitioners import Practitioner
from config.base import Fact, Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


class ApprovalQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """The practice sees whom the TGA authorised; a SAS approval tells what a patient has."""
        if user.has_perm("clinic.view_every_clinical_record"):
            return self
        if user.has_perm("clinic.view_every_approval"):
            return self.filter(pathway=Approval.Pathway.AP)
        return self.filter(practitioner__user=user)

    def in_force(self, day: datetime.date) -> Self:
        """Those that may be used on ``day``: decided, begun, not over and not withdrawn."""
        return self.filter(
            Q(applied_on=None) | Q(decided_on__lte=day),
            Q(withdrawn_on=None) | Q(withdrawn_on__gt=day),
            from_on__lte=day,
            until_on__gte=day,
        )

    def judged(self, day: datetime.date, *, days: int) -> Self:
        """Carry along ``ends_soon``: it ends within ``days`` of ``day``."""
        return self.annotate(ends_soon=Q(until_on__lte=day + datetime.timedelta(days=days)))

    def ending(self, day: datetime.date, *, days: int) -> Self:
        """Those in force on ``day`` that end within ``days``."""
        return self.in_force(day).filter(until_on__lte=day + datetime.timedelta(days=days))


class Approval(Record):
    """Leave of the TGA to use an unapproved good: for one patient (SAS) or by one doctor (AP)."""

    PATIENT = "patient_id"

    class Pathway(models.TextChoices):
        SAS_A = "sas_a", "SAS Category A"
        SAS_B = "sas_b", "SAS Category B"
        AP = "ap", "Authorised Prescriber"

    class Standing(models.TextChoices):
        """What an approval is worth on a day; derived from its dates, never kept."""

        PENDING = "pending", "Not yet decided"
        COMING = "coming", "Begins later"
        ACTIVE = "active", "In force"
        EXPIRED = "expired", "Over"
        WITHDRAWN = "withdrawn", "Withdrawn"
        SUPERSEDED = "superseded", "Followed by another"

    class Withdrawal(models.TextChoices):
        TGA = "tga", "The TGA withdrew it"
        SUPERSEDED = "superseded", "Another approval follows it"
        NOT_USED = "not_used", "The doctor no longer uses it"
        MISTAKE = "mistake", "It was recorded by mistake"

    pathway = models.CharField(max_length=10, choices=Pathway)
    reference = models.CharField("number", max_length=60)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="approvals")
    patient = models.ForeignKey(
        Patient, models.PROTECT, null=True, blank=True, related_name="approvals", help_text="For SAS only."
    )
    tga_category = models.PositiveSmallIntegerField("TGA category")
    dose_form = models.CharField(max_length=40)
    indication = models.CharField(max_length=200, help_text="As the letter names it.")
    conditions = models.TextField(blank=True, help_text="What the letter asks of the doctor.")
    applied_on = models.DateField(
        "applied for on", null=True, blank=True, help_text="Until the TGA decides, it cannot be used."
    )
    decided_on = models.DateField(
        "decided on",
        null=True,
        blank=True,
        help_text="The date of the letter; for SAS A, of the notice to the TGA.",
    )
    from_on = models.DateField("from")
    until_on = models.DateField("until", help_text="As on the letter.")
    letter = models.FileField(upload_to="approvals/%Y/%m/", blank=True, editable=False)
    letter_sha256 = models.CharField("fingerprint of the letter", max_length=64, blank=True, editable=False)
    withdrawn_on = models.DateField(null=True, blank=True, editable=False)
    withdrawn_as = models.CharField(max_length=20, choices=Withdrawal, blank=True, editable=False)

    ends_soon: bool  # after ``judged()`` only

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["until_on", "pk"]
        permissions = [("view_every_approval", "Can view every approval")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")),
                name="%(app_label)s_%(class)s_dates_in_order",
                violation_error_message="The approval must not end before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(pathway="ap", patient__isnull=True)
                | (~Q(pathway="ap") & Q(patient__isnull=False)),
                name="%(app_label)s_%(class)s_names_a_patient",
                violation_error_message="A SAS approval names its patient; an AP authority does not.",
            ),
            models.CheckConstraint(
                condition=Q(tga_category__gte=1, tga_category__lte=5),
                name="%(app_label)s_%(class)s_category",
                violation_error_message="TGA categories run from 1 to 5.",
            ),
            models.CheckConstraint(
                condition=Q(applied_on=None) | Q(decided_on=None) | Q(decided_on__gte=F("applied_on")),
                name="%(app_label)s_%(class)s_decided_after_it_was_asked",
                violation_error_message="The TGA cannot decide before it is asked.",
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & ~Q(indication="") & ~Q(dose_form=""),
                name="%(app_label)s_%(class)s_is_whole",
                violation_error_message="An approval has a number, a dose form and an indication.",
            ),
            models.CheckConstraint(
                condition=Q(letter="", letter_sha256="") | (~Q(letter="") & ~Q(letter_sha256="")),
                name="%(app_label)s_%(class)s_letter_with_its_fingerprint",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_as="") | Q(withdrawn_on__isnull=False),
                name="%(app_label)s_%(class)s_withdrawn_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_pathway_display()} {self.reference}"

    def standing(self, day: datetime.date) -> Standing:
        """Tell what it is worth on ``day``."""
        if self.withdrawn_on is not None and self.withdrawn_on <= day:
            followed = self.withdrawn_as == self.Withdrawal.SUPERSEDED
            return self.Standing.SUPERSEDED if followed else self.Standing.WITHDRAWN
        if self.until_on < day:
            return self.Standing.EXPIRED
        if self.applied_on is not None and (self.decided_on is None or self.decided_on > day):
            return self.Standing.PENDING
        return self.Standing.COMING if self.from_on > day else self.Standing.ACTIVE


class ApprovalReportQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_approval") or user.has_perm("clinic.view_every_clinical_record"):
            return self
        return self.filter(practitioner__user=user)


class ApprovalReport(Fact):
    """One six-monthly report of an Authorised Prescriber that was sent to the TGA."""

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="approval_reports")
    from_on = models.DateField("from")
    until_on = models.DateField("until")

    objects = ApprovalReportQuerySet.as_manager()

    class Meta:
        verbose_name = "report to the TGA"
        verbose_name_plural = "reports to the TGA"
        ordering = ["-until_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "until_on"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="This report was sent already.",
            ),
            models.CheckConstraint(
                condition=Q(until_on__gt=F("from_on")), name="%(app_label)s_%(class)s_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"Report of {self.practitioner}, {self.from_on:%-d %b %Y} to {self.until_on:%-d %b %Y}"
