"""How directions are read: the most that the words let somebody take in a day."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from clinic import wording
from clinic.wording import Kind, Token


@dataclass(frozen=True)
class Daily:
    """The most that is taken in a day: ``Daily(Decimal("0.5"), "mL")``."""

    amount: Decimal
    unit: str


def read(directions: str) -> Daily | None:
    """Tell the most that ``directions`` let somebody take in a day.

    "Take 0.25 mL twice a day" is 0.5 mL; a limit such as "no more than 1 mL in 24 hours" counts before
    everything else. None where dose or frequency is missing, two units are mixed, or any word is left that
    was not understood: a dose read too small would pass every limit.
    """
    tokens = wording.tokens(directions)
    if tokens is None:
        return None
    limits = [at for at, token in enumerate(tokens) if token.kind is Kind.CAP]
    if not limits:
        return _sum(tokens)
    at = limits[0]
    return _limited(tokens[:at], tokens[at], tokens[at + 1 :]) if len(limits) == 1 else None


def _limited(before: list[Token], limit: Token, after: list[Token]) -> Daily | None:
    """What the limit says, if nothing after it and no fixed dose before it is more."""
    if any(token.kind not in {Kind.IDLE, Kind.JOIN, Kind.OPEN} for token in after):
        return None
    amounts = [token for token in before if token.kind is Kind.AMOUNT]
    if any(token.word != limit.word or token.value > limit.value for token in amounts):
        return None
    is_open = any(token.is_open or token.kind in {Kind.OPEN, Kind.FREE, Kind.GROWS} for token in before)
    rest = None if is_open else _sum(before)
    return Daily(limit.value, limit.word) if rest is None or rest.amount <= limit.value else None


@dataclass
class _Clause:
    """What stands between two joins; what the dose may become begins one of its own."""

    join: str
    tokens: list[Token] = field(default_factory=list)

    def of(self, *kinds: Kind) -> list[Token]:
        return [token for token in self.tokens if token.kind in kinds]

    @property
    def grows(self) -> bool:
        return bool(self.of(Kind.GROWS))

    @property
    def amount(self) -> Token | None:
        return next(iter(self.of(Kind.AMOUNT)), None)

    @property
    def counted(self) -> Decimal:
        return sum((token.value for token in self.of(Kind.COUNT)), Decimal(0))

    @property
    def told(self) -> Decimal:
        """How many times of day; "at night before bed" is one."""
        told, last = Decimal(0), ""
        for token in self.of(Kind.TOLD):
            if not (token.binds and token.word == last):
                told += token.value
            last = token.word
        return told

    @property
    def says_when(self) -> bool:
        return bool(self.of(Kind.COUNT, Kind.TOLD))

    @property
    def is_by_itself(self) -> bool:
        """Whether it tells how often at one time of day: "twice at night"."""
        return bool(self.told) and any(token.binds for token in self.of(Kind.COUNT))

    @property
    def is_plain(self) -> bool:
        """Whether it can be read: one amount at most, once how often, and nothing that is left open."""
        is_besides = bool(self.of(Kind.OPEN)) and self.join not in {"", ","}
        return (
            len(self.of(Kind.AMOUNT)) <= 1
            and len(self.of(Kind.COUNT)) <= 1
            and not self.of(Kind.FREE)
            # "… and as needed" is besides; "… increasing to" says not to what.
            and (self.amount is not None or self.says_when or not (self.grows or is_besides))
        )


def _clauses(tokens: Iterable[Token]) -> Iterator[_Clause]:
    clause = _Clause("")
    for token in tokens:
        if token.kind in {Kind.JOIN, Kind.GROWS}:
            if clause.tokens:
                yield clause
                clause = _Clause("")
            if token.kind is Kind.JOIN:
                # Of ", and" the word counts.
                clause.join = "and" if "and" in {clause.join, token.word} else token.word
                continue
        clause.tokens.append(token)
    if clause.tokens:
        yield clause


@dataclass
class _Dose:
    """One amount, and what tells how often it is taken."""

    amount: Decimal
    unit: str
    clauses: list[_Clause]

    def times(self) -> Decimal | None:
        """How often a day, at most; None where it is not said, or in two ways that are not one."""
        said = [clause for clause in self.clauses if clause.says_when]
        if not said:
            return None
        apart = sum((max(one.counted, one.told) for one in said if one.is_by_itself), Decimal(0))
        times = _agreed([one for one in said if not one.is_by_itself])
        return None if times is None else apart + times


def _agreed(clauses: list[_Clause]) -> Decimal | None:
    """What a number and times of day come to: the times must be those that the number counts.

    "Twice a day, in the morning and at night" is twice; "twice a day and at night" may be three times.
    """
    counted, told = (
        sum((one.counted for one in clauses), Decimal(0)),
        sum((one.told for one in clauses), Decimal(0)),
    )
    if not counted or not told:
        return counted + told
    if len(clauses) == 1:
        return counted if counted >= told else None
    explains = all(
        clause.join == "," or bool(last.counted) == bool(clause.counted) or (last.counted and last.told)
        for last, clause in itertools.pairwise(clauses)
    )
    return counted if explains and counted == told else None


def _sum(tokens: list[Token]) -> Daily | None:
    """What the doses come to."""
    clauses = list(_clauses(tokens))
    starts = any(token.kind is Kind.STARTS for token in tokens)
    if not all(one.is_plain for one in clauses) or (starts and not any(one.grows for one in clauses)):
        return None
    doses = _doses(clauses)
    if not doses or len({stages[0].unit for stages in doses}) > 1:
        return None
    amounts = [_at_most(stages) for stages in doses]
    if any(amount is None for amount in amounts):
        return None
    return Daily(sum(filter(None, amounts), Decimal(0)), doses[0][0].unit)


def _doses(clauses: Iterable[_Clause]) -> list[list[_Dose]] | None:
    """Each dose with all that it may become, which is of one unit."""
    doses: list[list[_Dose]] = []
    for clause in clauses:
        amount, last = clause.amount, doses[-1][-1] if doses else None
        if amount is None and not clause.says_when:
            continue
        if last is None:
            if amount is None:
                return None
            doses.append([_Dose(amount.value, amount.word, [clause])])
            continue
        if amount is None and not clause.grows:
            last.clauses.append(clause)
            continue
        number, unit = (amount.value, amount.word) if amount else (last.amount, last.unit)
        dose = _Dose(number, unit, [clause])
        is_more = clause.grows or (amount is not None and amount.binds and clause.join != "and")
        if not is_more or last.unit != unit:
            doses.append([dose])
        elif len(doses) > 1 or (clause.says_when and not clause.grows):
            return None  # which of them becomes more, or whether it is the limit of all, is not said
        else:
            doses[-1].append(dose)
    return doses


def _at_most(stages: Iterable[_Dose]) -> Decimal | None:
    """The most of a day: the largest that it may become, as often as it may."""
    times = [dose.times() for dose in stages if any(clause.says_when for clause in dose.clauses)]
    if not times or not all(times):
        return None
    return max(dose.amount for dose in stages) * max(filter(None, times))
