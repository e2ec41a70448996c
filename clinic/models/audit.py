"""Who did and saw what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils import timezone

from clinic.models.encounters import CLINICAL
from config import tracing
from config.base import ScopedQuerySet, uuid7

if TYPE_CHECKING:
    from clinic.models.people import User


KEPT_BACK = "Stands in the clinical record."


class AuditEventQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_auditevent"):
            return self
        return self.filter(by=user)

    def with_reasons_for(self, user: User) -> Self:
        """Add ``reason``: why, but of the clinical record only where ``user`` may read all of it."""
        if user.has_perm("clinic.view_every_clinical_record"):
            return self.annotate(reason=F("why"))
        kept_back = When(~Q(why=""), record_type__in=CLINICAL, then=Value(KEPT_BACK))
        return self.annotate(reason=Case(kept_back, default="why", output_field=models.TextField()))


class AuditEvent(models.Model):
    """One thing that one person did or saw. Written once; the database refuses to change it.

    Saved versions arrive here by a trigger on every history table (``clinic.guarding``), so that
    set-based work is in the trail as well; opened records and everything else by ``clinic.auditing``.
    """

    class Action(models.TextChoices):
        CREATE = "create", "Created"
        UPDATE = "update", "Changed"
        READ = "read", "Opened"
        DOWNLOAD = "download", "Downloaded"
        PRINT = "print", "Printed"
        EXPORT = "export", "Exported"
        SIGN = "sign", "Signed"
        SIGN_IN = "sign_in", "Signed in"
        SIGN_OUT = "sign_out", "Signed out"
        SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
        VERIFY = "verify", "Checked a paper"
        SECOND_FACTOR = "second_factor", "Second factor"
        VOID = "void", "Made void"
        APPROVE = "approve", "Approved"
        EMAIL = "email", "Sent by e-mail"
        IMPORT = "import", "Imported"
        LOCK_OUT = "lock_out", "Locked out"
        SESSION_END = "session_end", "Ended a session"
        ROLE_CHANGE = "role_change", "Changed a role"
        SETTING_CHANGE = "setting_change", "Changed a setting"
        BREAK_GLASS = "break_glass", "Opened outside their care"
        BACKUP = "backup", "Backed up"
        RESTORE = "restore", "Restored"
        SCHEDULED = "scheduled", "Ran by itself"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="who"
    )
    role = models.CharField("role then", max_length=20, blank=True)
    practitioner_id = models.UUIDField("as practitioner", null=True)
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="on behalf of"
    )
    action = models.CharField(max_length=20, choices=Action)
    record_type = models.CharField(max_length=60, blank=True)
    record_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    why = models.TextField(blank=True)
    history_id = models.UUIDField("version", null=True)
    trace = models.JSONField("from where", default=tracing.current)
    outcome = models.CharField(max_length=20, default="done")
    # Which transaction wrote it: the database says so itself, and seals what no transaction can precede.
    tx = models.BigIntegerField(
        "transaction",
        db_default=Func(function="clinic_transaction", output_field=models.BigIntegerField()),
        editable=False,
    )

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        permissions = [("view_every_auditevent", "Can view everybody's audit events")]
        indexes = [
            models.Index(fields=["patient_id", "at"], name="clinic_audit_patient"),
            models.Index(fields=["record_id", "at"], name="clinic_audit_record"),
            models.Index(fields=["by", "at"], name="clinic_audit_person"),
            models.Index(fields=["tx", "id"], name="clinic_audit_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.by or 'The system'}: {self.get_action_display().lower()} {self.record_type}".strip()
