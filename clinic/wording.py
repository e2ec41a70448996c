"""The words of directions, cut into tokens by a closed list of patterns.

Every word must be understood: where no pattern fits there are no tokens, and nobody relies on the
directions. A word that was passed over might mean more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from catalog.models.measures import PIECES, PackUnit, plural

HOURS = Decimal(24)
A_WEEK = 1 / Decimal(7)

_COUNTED = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
WORDS = dict(zip(_COUNTED, map(Decimal, range(1, 9)), strict=True))
WORDS |= {"a": Decimal(1), "an": Decimal(1), "half": Decimal("0.5")}
WORDS |= {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
MEASURED: dict[str, str] = {
    **dict.fromkeys(("ml", "millilitre", "millilitres", "milliliter", "milliliters"), PackUnit.MILLILITRE),
    **dict.fromkeys(("mg", "milligram", "milligrams"), PackUnit.MILLIGRAM),
    **dict.fromkeys(("g", "gram", "grams"), PackUnit.GRAM),
    **{name: piece for piece in PIECES for name in (piece, plural(piece))},
    **dict.fromkeys(("puff", "puffs", "inhalation", "inhalations"), PackUnit.DOSE),
}


class Kind(Enum):
    AMOUNT = auto()
    COUNT = auto()  # how often a day, as a number says
    TOLD = auto()  # a time of day
    CAP = auto()  # a limit of everything
    GROWS = auto()  # what follows may become the dose
    STARTS = auto()  # means little without what it grows to, or a limit
    FREE = auto()  # may become any dose: means nothing without a limit
    OPEN = auto()  # as needed
    JOIN = auto()
    IDLE = auto()


@dataclass(frozen=True)
class Token:
    """A word or phrase that is understood. The value is an amount, times a day, or one time of day."""

    kind: Kind
    value: Decimal = Decimal(0)
    word: str = ""
    """The unit of an amount, the part of a day, what joins two clauses."""
    is_open: bool = False
    """Whether it may as well be less."""
    binds: bool = False
    """Of an amount: "up to"; of a time of day: "before bed"; of a count: without "a day", as in "twice at
    night"."""


_NUMBER = rf"(?:\d+(?:\.\d+)?(?: ?/ ?[1-9]\d*)?|[½¼¾]|(?:half|{'|'.join(_COUNTED)}|an?)\b)"
_RANGE = rf"(?P<low>{_NUMBER})(?:(?: ?[-–] ?| to | or )(?P<high>{_NUMBER}))?"
_UNIT = "(?P<unit>" + "|".join(sorted(map(re.escape, MEASURED), key=len, reverse=True)) + ")"
_AMOUNT = rf"{_RANGE} ?(?:of )?(?:an? )?{_UNIT}"
_PER_DAY = (
    r"(?:(?:in )?(?:a|per|each|every) day|in (?:any|one) day|/ ?day|daily"
    r"|(?:in|per|each|every)(?: any)? 24 ?h(?:ou)?rs?)"
)
_PER_WEEK = r"(?:(?:a|per|each|every) week(?![ -]?(?:days?|ends?|nights?)\b)|/ ?week|weekly)"
_OFTEN_IN = rf"(?: ?(?:(?P<day>{_PER_DAY})|(?P<week>{_PER_WEEK})))?"
_HOURS, _MINUTES, _DAYS = r"h(?:ou)?rs?", r"min(?:ute)?s?", r"(?:days?|weeks?|months?)"
_SO_MANY = rf"(?:half an?|{_NUMBER}(?:(?: ?[-–] ?| to | or ){_NUMBER})?)"
_INCREASE = r"(?:(?:may|can) (?:be )?)?(?:increas(?:es?|ed|ing)|titrat(?:es?|ed|ing))"
_IF_NEEDED = r"(?:(?:only )?(?:as|if|when) (?:needed|required|necessary)|prn)"
_OFTEN = {"qid": 4, "qds": 4, "tds": 3, "tid": 3, "bd": 2, "bid": 2}
_PART_OF_DAY = {
    part: name
    for name, parts in {
        "morning": ("morning", "mornings", "mane", "breakfast", "waking", "am"),
        "noon": ("noon", "midday", "lunch", "lunchtime", "afternoon", "afternoons"),
        "evening": ("evening meal", "evening", "evenings", "dinner", "supper", "tea", "teatime", "pm"),
        "night": ("night", "nights", "nightly", "nocte", "bedtime", "going to bed", "bed", "sleep"),
    }.items()
    for part in parts
}
_EXPLAINS = re.compile(r"(?:before|after|with) ")
_REASONS = (
    "pain", "chronic pain", "nerve pain", "neuropathic pain", "sleep", "insomnia", "anxiety", "nausea",
    "appetite", "spasms", "spasticity", "seizures", "epilepsy", "migraine", "symptoms",
)  # fmt: skip
_IDLE = (
    "take", "use", "inhale", "swallow", "chew", "suck", "dissolve", "place", "apply", "vaporise", "by mouth",
    "orally", "under the tongue", "sublingually", "by vaporiser", "using a vaporiser", "with a vaporiser",
    "by inhalation", "with food", "with or without food", "with water", "with a glass of water",
    "with a meal", "with a snack", "on an empty stomach", "whole", "slowly", "to the skin",
    "to the affected area", "of oil", "of the oil", "of the herb", "of dried herb", "of the flower",
    *(f"for {r}" for r in _REASONS),
)  # fmt: skip

_Found = re.Match[str]
_Make = Callable[[_Found], Token]


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


def _number(text: str) -> Decimal:
    if text in WORDS:
        return WORDS[text]
    whole, _, part = text.partition("/")
    return Decimal(whole.strip()) / (Decimal(part.strip()) if part else 1)


def _most(found: _Found) -> Decimal:
    return max(_number(found[end]) for end in ("low", "high") if found[end])


def _amount(kind: Kind) -> _Make:
    return lambda found: Token(kind, _most(found), MEASURED[found["unit"]], bool(found["high"]))


def _up_to(found: _Found) -> Token:
    return Token(Kind.AMOUNT, _most(found), MEASURED[found["unit"]], is_open=True, binds=True)


def _times(found: _Found) -> Token:
    times = {"once": Decimal(1), "twice": Decimal(2)}.get(found["word"]) or _most(found)
    is_open, per = bool(found["high"] or found["up_to"]), A_WEEK if found["week"] else 1
    return Token(Kind.COUNT, times * per, is_open=is_open, binds=not (found["week"] or found["day"]))


def _hourly(found: _Found) -> Token:
    apart = min(_number(found[end]) for end in ("low", "high") if found[end])
    # Every nought hours is as often as one likes.
    return Token(Kind.COUNT, HOURS / apart) if apart else Token(Kind.FREE)


def _as(kind: Kind, value: Decimal | str = Decimal(0)) -> _Make:
    return lambda _: Token(kind, Decimal(value))


def _told(found: _Found) -> Token:
    word = _PART_OF_DAY[found["part"]]
    return Token(Kind.TOLD, Decimal(1), word, binds=bool(_EXPLAINS.match(found[0])))


# The first that fits is taken, so the longer stands before the shorter.
_PATTERNS: list[tuple[re.Pattern[str], _Make]] = [
    (re.compile(rf"(?:{pattern})(?![\w½¼¾])"), make)
    for pattern, make in [
        (
            r"(?:(?:but|with) )?(?:(?:up to )?(?:a )?(?:maximum|max\.?)(?: of)?"
            rf"|(?:no|not|never) more than|at most|(?:do not|not to|never) exceed) {_AMOUNT} ?{_PER_DAY}",
            _amount(Kind.CAP),
        ),
        (rf"{_INCREASE} by (?:up to )?{_AMOUNT}(?: (?:every|each)(?: {_SO_MANY})? {_DAYS}| daily| weekly)?",
         _as(Kind.FREE)),
        (rf"{_INCREASE}(?: to effect| slowly| gradually| as tolerated| if needed)(?! (?:up )?to\b)",
         _as(Kind.FREE)),
        (rf"(?:(?:may|can) (?:be )?)?repeat(?:ed)?(?: (?:after|every) {_SO_MANY} ?(?:{_MINUTES}|{_HOURS}))?",
         _as(Kind.FREE)),
        (rf"{_INCREASE}(?: the dose| slowly| gradually| {_IF_NEEDED})* (?:up )?to", _as(Kind.GROWS)),
        (r"start(?:ing)? (?:with|at)|begin(?:ning)? with|initially", _as(Kind.STARTS)),
        (rf"(?:for|after) (?:the )?(?:(?:first|next) )?{_SO_MANY} ?{_DAYS}(?! ?(?:(?:a|per|each|every)\b|/))"
         rf"|{_SO_MANY} ?(?:{_MINUTES}|{_HOURS})(?= before\b)",
         _as(Kind.IDLE)),
        (rf"(?P<up_to>up to )?(?:{_RANGE} times|(?P<word>once|twice)){_OFTEN_IN}",
         _times),
        (rf"every {_RANGE} ?{_HOURS}", _hourly),
        (rf"{_RANGE}[ -]?hourly", _hourly),
        (rf"(?P<word>{_any(_OFTEN)})", lambda found: Token(Kind.COUNT, Decimal(_OFTEN[found["word"]]))),
        (r"(?:every|each) (?:second|other) day", _as(Kind.COUNT, "0.5")),
        (r"(?:(?:every|each) week[ -]?day|on week[ -]?days)", _as(Kind.COUNT, "1")),
        (_PER_WEEK, _as(Kind.COUNT, A_WEEK)),
        (_PER_DAY, _as(Kind.COUNT, "1")),
        (r"(?:at )?\d{1,2}(?:[:.]\d\d)? ?[ap]m", _as(Kind.TOLD, "1")),
        (rf"(?:(?:in|at|on|before|after|with|every|each) (?:the )?)?(?P<part>{_any(_PART_OF_DAY)})", _told),
        (rf"up to {_AMOUNT}", _up_to),
        (_AMOUNT, _amount(Kind.AMOUNT)),
        (_IF_NEEDED, _as(Kind.OPEN)),
        (_any(_IDLE), _as(Kind.IDLE)),
        (r"and|&|\+|then", lambda _: Token(Kind.JOIN, word="and")),
    ]
]  # fmt: skip
_JOINS = re.compile(r"[.,;:](?!\d)")


def tokens(directions: str) -> list[Token] | None:
    """Cut ``directions`` into what their words mean; None where one is unknown."""
    lines = (" ".join(line.split()) for line in directions.casefold().splitlines())
    text, at = "; ".join(filter(None, lines)), 0
    cut: list[Token] = []
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        token, at = _next(text, at)
        if token is None:
            return None
        cut.append(token)
    return cut


def _next(text: str, at: int) -> tuple[Token | None, int]:
    """The token that begins at ``at``, and where it ends."""
    if join := _JOINS.match(text, at):
        return Token(Kind.JOIN, word=join[0]), join.end()
    for pattern, make in _PATTERNS:
        if found := pattern.match(text, at):
            return make(found), found.end()
    return None, at
