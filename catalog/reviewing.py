"""Reviewing what a list would change: deciding row by row, handing in, and a second person's approval."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from psycopg.types.json import Jsonb

from catalog import reading
from catalog.models import Decision, Import, ImportPolicy, ImportRow
from catalog.models.imports import ImportRowQuerySet
from catalog.models.measures import OF_STRENGTH
from config import tracing
from config.base import Refused, enqueue
from config.versioning import UUID7

if TYPE_CHECKING:
    from clinic.models import User

DAY_CHOSEN = "The day was chosen from which the prices hold."
STRENGTH = "Left out at the terminal: somebody has to look at the strength."
DECIDE = f"""
INSERT INTO catalog_decision (id, recorded_at, recorded_by_id, trace, verdict, reason, at_terminal, row_id)
SELECT {UUID7}, %s, %s::uuid, %s, %s, %s, %s, about.id FROM ({{about}}) AS about(id)
"""  # noqa: S608  our own names
Verdict, Outcome = Decision.Verdict, ImportRow.Outcome


class NotInReview(Refused):
    def __init__(self, run: Import) -> None:
        super().__init__(
            f"{run} is {run.get_status_display().lower()}; there is nothing to decide about it now."
        )


class CannotBeTaken(Refused):
    def __init__(self, count: int) -> None:
        lines = "One of these lines has" if count == 1 else f"{count} of these lines have"
        super().__init__(
            f"{lines} an error and cannot be taken over. "
            "Leave such lines out, or put them aside and ask the supplier."
        )


class NothingToDecide(Refused):
    def __init__(self) -> None:
        super().__init__("These lines change nothing, so there is nothing to decide about them.")


class ReasonMissing(Refused):
    def __init__(self) -> None:
        super().__init__("Please say why; whoever approves the list reads it.")


class Undecided(Refused):
    def __init__(self, count: int) -> None:
        lines = "One line still needs" if count == 1 else f"{count} lines still need"
        super().__init__(f"{lines} a decision. Choose “Needs review” to see what is left.")


class SecondPersonNeeded(Refused):
    def __init__(self) -> None:
        super().__init__(
            "You reviewed this list yourself. Please ask a colleague who decided none of it to approve it; "
            "a mistake in a strength is seen by two people more easily than by one."
        )


class DayPassed(Refused):
    def __init__(self) -> None:
        super().__init__("Prices cannot hold from a day that has passed. Please choose today or a later day.")


@transaction.atomic
def decide(
    run: Import,
    rows: ImportRowQuerySet,
    *,
    verdict: str,
    reason: str,
    by: User | None,
    at_terminal: bool = False,
) -> int:
    """Decide about some ``rows`` of ``run`` at once, and tell about how many.

    Who takes a line has looked at its strength, unless it happens ``at_terminal``.

    :raises NotInReview: the list is not to be reviewed now
    :raises CannotBeTaken: a row with an error is among those to be taken
    :raises NothingToDecide: none of them would change anything
    :raises ReasonMissing: no reason is given
    """
    if not reason.strip():
        raise ReasonMissing
    if run.lock().status != Import.Status.CHECKED:
        raise NotInReview(run)
    rows = rows.filter(run=run).order_by()
    wrong = rows.filter(outcome=Outcome.ERROR).count() if verdict == Verdict.TAKE else 0
    if wrong:
        raise CannotBeTaken(wrong)
    about, values = rows.exclude(outcome=Outcome.UNCHANGED).values("pk").query.sql_with_params()
    signed: list[Any] = [timezone.now(), by and by.pk, Jsonb(tracing.current())]
    decision: list[Any] = [verdict, reason.strip()[:300], at_terminal]
    with connection.cursor() as cursor:
        cursor.execute(DECIDE.format(about=about), [*signed, *decision, *values])
        decided = cursor.rowcount
    if not decided:
        raise NothingToDecide
    return decided


@transaction.atomic
def hold_from(run: Import, day: date | None, *, by: User | None) -> None:
    """Choose from which day the prices of the list hold; None for the day it is applied.

    :raises NotInReview: the list is not to be reviewed now
    :raises DayPassed: the day is over
    """
    if run.lock().status != Import.Status.CHECKED:
        raise NotInReview(run)
    if day and day < timezone.localdate():
        raise DayPassed
    run.change(by=by, why=DAY_CHOSEN, effective_on=day)


@transaction.atomic
def hand_in(run: Import, *, by: User | None, why: str = "Reviewed.") -> None:
    """End the review and ask for approval.

    :raises Undecided: some rows still need a decision
    :raises IllegalMove: the list is not to be reviewed now
    """
    run.lock()
    left = run.rows.undecided().count()
    if left and run.status == Import.Status.CHECKED:
        raise Undecided(left)
    run.move_to(
        Import.Status.REVIEWED, by=by, why=why, reviewed_by=by, reviewed_at=timezone.now() if by else None
    )
    reading.tell(run)


@transaction.atomic
def send_back(run: Import, *, by: User, why: str) -> None:
    """Open the review again: something should be decided otherwise.

    :raises IllegalMove: the list does not wait for approval
    """
    run.move_to(Import.Status.CHECKED, by=by, why=why, reviewed_by=None, reviewed_at=None)
    reading.tell(run)


@transaction.atomic
def approve(run: Import, *, by: User) -> None:
    """Let the list go into the catalogue; a worker applies it.

    :raises SecondPersonNeeded: the practice asks for two people, and something of the review is of ``by``
    :raises IllegalMove: the list does not wait for approval
    """
    run.lock()
    if ImportPolicy.objects.current().needs_second_person and _has_reviewed(run, by=by):
        raise SecondPersonNeeded
    run.move_to(
        Import.Status.APPROVED,
        by=by,
        why="Approved.",
        approved_by=by,
        approved_at=timezone.now(),
        touched_at=timezone.now(),
        attempts=0,
    )
    enqueue("catalog.tasks.apply_import", run.pk)
    reading.tell(run)


def _has_reviewed(run: Import, *, by: User) -> bool:
    """Whether ``by`` handed the list in, took a decision that holds, or chose the day of its prices.

    What a colleague decided again is the colleague's, so that two people never block each other for good.
    """
    if run.reviewed_by_id == by.pk:
        return True
    later = Decision.objects.filter(row=OuterRef("row"), pk__gt=OuterRef("pk"))
    decisions = Decision.objects.filter(row__run=run, recorded_by=by).order_by()
    if decisions.exclude(Exists(later)).exists():
        return True
    chosen = run.history.filter(history_change_reason=DAY_CHOSEN).first()
    return run.effective_on is not None and chosen is not None and chosen.history_user_id == by.pk


@transaction.atomic
def refuse(run: Import, *, by: User, why: str) -> None:
    """Take nothing of this list.

    :raises IllegalMove: it is applied, or refused, already
    """
    run.move_to(Import.Status.REFUSED, by=by, why=why, refusal=why)
    reading.tell(run)


@transaction.atomic
def approve_at_terminal(run: Import, *, by: User | None) -> int:
    """Review and approve in one, as the act of somebody who may run commands on the server.

    Nobody is asked: lines are taken as they are stated, with what is to be reviewed noted on each
    product, and products that are gone from the list stay. So does a product of the catalogue as it is
    where its strength would change or come into doubt; told is how many lines are left out for that.
    A new product with a doubtful strength comes in as stated, and cannot be prescribed before somebody
    has looked at it (``settling``).

    :raises IllegalMove: the list is not to be reviewed now
    """
    why = "Applied at the terminal, without a review."
    undecided, doubtful = run.rows.undecided(), run.rows.undecided().filter(_of_strength())
    left_out = (
        decide(run, doubtful, verdict=Verdict.LEAVE, reason=STRENGTH, by=by, at_terminal=True)
        if doubtful
        else 0
    )
    for rows, verdict in (
        (undecided.exclude(outcome=Outcome.GONE), Verdict.TAKE),
        (undecided.filter(outcome=Outcome.GONE), Verdict.LEAVE),
    ):
        if rows.exists():
            decide(run, rows, verdict=verdict, reason=why, by=by, at_terminal=True)
    _approve_by_command(run, by=by, why=why)
    return left_out


@transaction.atomic
def approve_replayed(run: Import, *, by: User | None) -> None:
    """Approve a list whose decisions were carried over from the history that is replayed.

    :raises Undecided: some rows still need a decision
    :raises IllegalMove: the list is not to be reviewed now
    """
    _approve_by_command(run, by=by, why="Replayed from its history.")


def _approve_by_command(run: Import, *, by: User | None, why: str) -> None:
    hand_in(run, by=by, why=why)
    run.move_to(
        Import.Status.APPROVED,
        by=by,
        why=why,
        approved_by=by,
        approved_at=timezone.now() if by else None,
        touched_at=timezone.now(),
    )


def _of_strength() -> Q:
    """Lines that would change a strength we have, or say something new that casts doubt on it.

    A new product is taken as stated: nobody can rely on its strength before it is settled.
    """
    is_doubtful = Q()
    for code in OF_STRENGTH:
        is_doubtful |= Q(findings__contains=[{"code": code}])
    is_changed = Q(findings__contains=[{"code": "strength_changed"}])
    return Q(outcome=Outcome.CHANGED) & (is_changed | is_doubtful & Q(changes__has_key="review_codes"))


def counts(run: Import) -> dict[str, int]:
    """How many lines there are of each kind, how many are to be looked at, and how many are left."""
    about = {outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome}
    decided = Exists(Decision.objects.filter(row=OuterRef("pk")))
    return (
        run.rows.order_by()
        .annotate(decided=decided)
        .aggregate(
            all=Count("pk"),
            review=Count("pk", filter=Q(needs_decision=True)),
            undecided=Count("pk", filter=Q(needs_decision=True, decided=False)),
            **about,
        )
    )
