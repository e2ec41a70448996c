"""What every model, queryset and rule of the four apps starts from.

A leaf: it imports no app, and every app may import it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import uuid_utils.compat
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task
from simple_history.models import HistoricalRecords

from config import tracing, versioning

if TYPE_CHECKING:
    from clinic.models import User

rows_exported = Signal()
"""Someone took rows of a list along. Sent by their model, with ``request`` and how many ``rows``."""
list_viewed = Signal()
"""Someone looked at a list. Sent by its model, with ``request``, how many ``rows`` and if ``searched``."""
record_viewed = Signal()
"""Someone opened one record. Sent with ``record``, ``request`` and ``action`` ("read", "download", …)."""


class SignedInRequest(HttpRequest):
    """A request behind ``login_required``."""

    user: User


class Refused(Exception):
    """A rule said no, and ``str()`` of this says why to the person who asked."""


class TooOften(Refused):
    """Somebody tried too often; ``wait`` is how many seconds they should wait."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = max(1, ceil(wait.total_seconds()))
        minutes = ceil(self.wait / 60)
        when = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"There were too many attempts. Please wait {when} and try again.")


class IllegalMove(Refused):
    def __init__(self, record: Stateful, status: str) -> None:
        now, then = (record.Status(value).label.lower() for value in (record.status, status))
        super().__init__(
            f"{record} is {now} and cannot become {then}. Please reload the page to see what changed."
        )


def uuid7() -> uuid.UUID:
    """A fresh key, ordered by time so that indexes stay local."""
    return uuid_utils.compat.uuid7()


class ScopedQuerySet(models.QuerySet):
    """A queryset that knows which of its rows a person may see."""

    def visible_to(self, user: User) -> Self:
        raise NotImplementedError(f"{self.model.__name__} does not say who may see it.")

    def add(self, *, by: User | None, why: str = "", **fields: Any) -> Any:
        """Create one row whose first version says who made it and why."""
        record = self.model(**fields)
        versioning.insert(record, by=by, why=why)
        return record


class Versions(HistoricalRecords):
    """Keeps what was written; what the database computes from it is no fact of its own."""

    def fields_included(self, model: Any) -> list:
        return [field for field in super().fields_included(model) if not field.generated]


class Traced(models.Model):
    """A version of a record, with the request that made it."""

    trace = models.JSONField(default=tracing.current, editable=False)

    class Meta:
        abstract = True


class Kept(models.Model):
    """A row that is never deleted, and whose versions are kept."""

    PATIENT: ClassVar[str] = ""
    """Path to the key of the patient whose record this is, for the audit trail: ``encounter__patient_id``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def sign_with(self, *, by: User | None, why: str = "") -> Self:
        """Let the next saved version say who made it and why."""
        self._history_user, self._change_reason = by, why
        return self

    def lock(self) -> Self:
        """Read the row again and hold it until the transaction ends."""
        self.refresh_from_db(from_queryset=type(self)._base_manager.select_for_update())
        return self

    def change(self, *, by: User | None, why: str = "", **changes: Any) -> None:
        """Save ``changes`` as a new version that says who and why."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.sign_with(by=by, why=why).save(update_fields=[*changes])


class Record(Kept):
    """A row we keep, with a history of all its columns."""

    history = Versions(
        inherit=True, bases=[Traced], history_id_field=models.UUIDField(default=uuid7, editable=False)
    )

    class Meta:
        abstract = True


class Stateful(Record):
    """A record whose status changes only along ``MOVES``, and only by ``move_to``."""

    Status: ClassVar[type[models.TextChoices]]
    MOVES: ClassVar[Mapping[str, frozenset[str]]]
    status = models.CharField(max_length=20, editable=False)

    class Meta:
        abstract = True

    @transaction.atomic
    def move_to(self, status: str, *, by: User | None, why: str = "", **changes: Any) -> None:
        """Lock, check and save the move together with ``changes``; the history says who and why.

        :raises IllegalMove: the record is not where this move starts
        """
        self.lock()
        if status not in self.MOVES[self.status]:
            raise IllegalMove(self, status)
        self.change(by=by, why=why, **changes, status=status)


class Fact(models.Model):
    """A row that is written once: the database refuses to change or delete it."""

    PATIENT: ClassVar[str] = ""
    IS_PART: ClassVar[bool] = False
    """Whether the audit trail tells of it with the fact that it is part of, not by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    trace = models.JSONField(default=tracing.current, editable=False)

    class Meta:
        abstract = True


class MoneyField(models.DecimalField):
    """Australian dollars and cents."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 10, "decimal_places": 2, **kwargs})


def both_or_neither(first: str, second: str) -> models.CheckConstraint:
    """Pair two columns: what happened has a time and a person, or has not happened."""
    return models.CheckConstraint(
        condition=Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
        | Q(**{f"{first}__isnull": False, f"{second}__isnull": False}),
        name=f"%(app_label)s_%(class)s_{first}_with_{second}",
    )


@contextmanager
def acting_as(user: User | None) -> Iterator[None]:
    """Sign the versions that are saved inside with ``user``, where no request does it."""
    context = HistoricalRecords.context
    before = getattr(context, "request", None)
    context.request = SimpleNamespace(user=user)
    try:
        yield
    finally:
        if before is None:
            del context.request
        else:
            context.request = before


def enqueue(task: str, *ids: uuid.UUID | str) -> None:
    """Ask a worker to run ``task``; the request commits or rolls back with our transaction."""
    async_task(task, *[str(value) for value in ids])


def work_off() -> int:
    """Do in this process what a worker would do now, oldest first, and tell how much that was."""
    done = 0
    while waiting := OrmQ.objects.order_by("pk").first():
        task = waiting.task
        waiting.delete()
        import_string(task["func"])(*task["args"])
        done += 1
    return done


def forbid_transaction() -> None:
    """Guard a call that leaves the machine: a rollback could not take it back."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("Talk to the outside before or after the transaction, not in it.")
