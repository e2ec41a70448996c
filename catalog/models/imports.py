"""Workbooks that suppliers sent, every line in them, and what people decided about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from catalog.models.suppliers import Supplier
from config.base import Fact, Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models import User


class ImportPolicyQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_importpolicy") else self.none()

    def current(self) -> ImportPolicy:
        """The one row there is; its defaults while nobody has chosen otherwise."""
        return cast("ImportPolicy | None", self.first()) or ImportPolicy()


class ImportPolicy(Record):
    """How careful the practice is with suppliers' lists: one row."""

    only = models.BooleanField(default=True, editable=False)
    needs_second_person = models.BooleanField(
        "a second person approves",
        default=True,
        help_text="Whoever reviewed a list cannot approve it. Switch it off only where one works alone.",
    )
    price_change_percent = models.PositiveSmallIntegerField(
        "price change to look at, in percent",
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="A price that rises or falls by this much or more is raised for review.",
    )

    objects = ImportPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = "rules for imports"
        verbose_name_plural = "rules for imports"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="%(app_label)s_%(class)s_only"),
            models.UniqueConstraint(
                fields=["only"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="There is one set of rules. Change it instead.",
            ),
        ]

    def __str__(self) -> str:
        return "Rules for imports"


class ImportQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_import") else self.none()

    def under_way(self) -> Self:
        """Those that may still change the catalogue."""
        return self.filter(status__in=Import.UNDER_WAY)

    def abandoned(self, since: datetime) -> Self:
        """Those that a worker should have finished, and has not touched ``since``."""
        return self.filter(status__in=Import.WITH_WORKER, touched_at__lte=since)


class Import(Stateful):
    """One workbook of one supplier, on its way into the catalogue."""

    class Status(models.TextChoices):
        RECEIVED = "received"
        READING = "reading", "Being read"
        CHECKED = "checked", "To be reviewed"
        REVIEWED = "reviewed", "To be approved"
        APPROVED = "approved", "Being applied"
        APPLIED = "applied"
        UNDONE = "undone"
        SETTLED = "settled", "Nothing new"
        REFUSED = "refused"

    MOVES = {
        Status.RECEIVED: frozenset({Status.READING, Status.REFUSED}),
        Status.READING: frozenset({Status.CHECKED, Status.SETTLED, Status.REFUSED}),
        Status.CHECKED: frozenset({Status.REVIEWED, Status.REFUSED}),
        Status.REVIEWED: frozenset({Status.APPROVED, Status.CHECKED, Status.REFUSED}),
        Status.APPROVED: frozenset({Status.APPLIED, Status.REFUSED}),
        Status.APPLIED: frozenset({Status.UNDONE}),
        Status.UNDONE: frozenset(),
        Status.SETTLED: frozenset(),
        Status.REFUSED: frozenset(),
    }
    WITH_WORKER = (Status.RECEIVED, Status.READING, Status.APPROVED)
    UNDER_WAY = (*WITH_WORKER, Status.CHECKED, Status.REVIEWED)

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="imports")
    status = models.CharField(max_length=20, choices=Status, default=Status.RECEIVED, editable=False)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="Who brought the file in; nobody when it came from a terminal.",
    )
    file = models.FileField(max_length=200, editable=False)
    file_name = models.CharField(max_length=200, editable=False)
    file_sha256 = models.CharField("file fingerprint", max_length=64, editable=False)
    saved_at = models.DateTimeField(
        "workbook last saved", null=True, editable=False, help_text="As the workbook itself says."
    )
    expected = models.PositiveIntegerField("lines in the file", default=0, editable=False)
    progress = models.PositiveIntegerField("lines gone through", default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    touched_at = models.DateTimeField("last worked on", null=True, editable=False)
    totals = models.JSONField(default=dict, editable=False)
    notes = models.JSONField(default=list, editable=False)
    refusal = models.TextField(blank=True, editable=False)
    effective_on = models.DateField(
        "prices hold from",
        null=True,
        blank=True,
        help_text="The day it is applied, unless you choose a later one.",
    )
    reviewed_at = models.DateTimeField(null=True, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, editable=False)

    row_count: int  # with the admin's list only
    error_count: int

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("review_import", "Can decide about the lines of an import"),
            ("approve_import", "Can approve a reviewed import"),
            ("undo_import", "Can undo an import"),
        ]
        indexes = [models.Index(fields=["supplier", "file_sha256"], name="%(app_label)s_%(class)s_file")]
        constraints = [
            both_or_neither("reviewed_at", "reviewed_by"),
            both_or_neither("approved_at", "approved_by"),
            models.UniqueConstraint(
                fields=["supplier", "file_sha256"],
                condition=Q(status__in=["received", "reading", "checked", "reviewed", "approved"]),
                name="%(app_label)s_%(class)s_once_under_way",
                violation_error_message="This very file is under way already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} from {self.supplier}"


class ImportRowQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_importrow") else self.none()

    def with_verdict(self) -> Self:
        """Carry along what holds for each row: the last decision, or what goes without saying.

        Empty where somebody has to decide, and where there is nothing to decide.
        """
        decided = Decision.objects.filter(row=OuterRef("pk")).order_by("-pk").values("verdict")[:1]
        unsaid = Case(
            When(outcome=ImportRow.Outcome.ERROR, then=Value(Decision.Verdict.QUARANTINE)),
            When(
                needs_decision=False,
                outcome__in=(ImportRow.Outcome.NEW, ImportRow.Outcome.CHANGED),
                then=Value(Decision.Verdict.TAKE),
            ),
            default=Value(""),
        )
        return self.annotate(verdict=Coalesce(Subquery(decided), unsaid))

    def undecided(self) -> Self:
        """Those about which somebody has to decide, and nobody has."""
        return self.filter(needs_decision=True, decisions=None)

    def taken(self) -> Self:
        """Those that go into the catalogue."""
        return self.with_verdict().filter(verdict=Decision.Verdict.TAKE, outcome__in=ImportRow.CHANGING)


class ImportRow(Fact):
    """One line of a workbook: what it says, what is to be said about it, and what it would change.

    A product that is gone from the list has a row too, without a cell. A product that a row makes
    takes over the row's key.
    """

    class Outcome(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        UNCHANGED = "unchanged"
        GONE = "gone", "Gone from the list"
        ERROR = "error", "Not taken"

    CHANGING = (Outcome.NEW, Outcome.CHANGED, Outcome.GONE)

    run = models.ForeignKey(Import, models.PROTECT, related_name="rows", verbose_name="import")
    position = models.PositiveIntegerField("line")
    sheet = models.CharField(max_length=100)
    cell = models.CharField(max_length=20)
    line = models.CharField("row or column", max_length=30)
    raw = models.JSONField(help_text="Every filled cell of the line, by its address, as it stands there.")
    cells = models.JSONField(default=dict, help_text="The cell that each value comes from.")
    stated = models.JSONField()
    findings = models.JSONField(default=list)
    outcome = models.CharField(max_length=20, choices=Outcome)
    needs_decision = models.BooleanField("needs review", default=False)
    changes = models.JSONField(default=dict, help_text="What would be written: now, and then.")
    relies_on = models.JSONField(
        default=dict, help_text="What has to stay as it was for the changes to hold."
    )
    product = models.ForeignKey("catalog.Product", models.PROTECT, null=True, related_name="import_rows")

    verdict: str  # after ``with_verdict()`` only

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = "line of an import"
        verbose_name_plural = "lines of imports"
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="%(app_label)s_%(class)s_once_per_line"),
        ]

    def __str__(self) -> str:
        if self.outcome == ImportRow.Outcome.GONE:
            return f"{self.stated['product_name']}, gone"
        return f"{self.sheet}, {self.line}"


class DecisionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_importrow") else self.none()


class Decision(Fact):
    """What somebody decided about one row; the last one holds."""

    class Verdict(models.TextChoices):
        TAKE = "take", "Take over"
        LEAVE = "leave", "Leave as it is"
        QUARANTINE = "quarantine", "Put aside and ask the supplier"

    row = models.ForeignKey(ImportRow, models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=20, choices=Verdict)
    reason = models.CharField(max_length=300)
    at_terminal = models.BooleanField(default=False, help_text="Nobody looked at the line.")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="%(app_label)s_%(class)s_has_a_reason",
                violation_error_message="Please say why.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_verdict_display()


class ChangeSetQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_import") else self.none()


class ChangeSet(Fact):
    """All that one import did to the catalogue in one transaction, or that undoing it did."""

    class Kind(models.TextChoices):
        APPLIED = "applied"
        UNDONE = "undone"

    run = models.ForeignKey(Import, models.PROTECT, related_name="change_sets", verbose_name="import")
    kind = models.CharField(max_length=10, choices=Kind)
    effective_on = models.DateField("prices hold from")
    why = models.CharField(max_length=300, blank=True)
    counts = models.JSONField(default=dict)
    kept = models.JSONField(default=list, help_text="Products that had changed since, and were left alone.")

    objects = ChangeSetQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="%(app_label)s_%(class)s_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run}, {self.get_kind_display().lower()}"
