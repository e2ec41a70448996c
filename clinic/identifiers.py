"""Numbers that others give to people, practices and medicines: reading, checking, showing and hiding them.

A right format never proves that a number exists or whose it is; only its issuer can tell that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import stdnum.au.abn
import stdnum.ean
import stdnum.luhn
import stdnum.verhoeff
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.deconstruct import deconstructible


class Severity(StrEnum):
    NONE = "none"
    WARNING = "warning"  # may be kept by a person who looked twice and says so
    ERROR = "error"  # cannot be such a number


@dataclass(frozen=True)
class Finding:
    """What a look at a number found, in one sentence."""

    severity: Severity
    sentence: str = ""


FINE = Finding(Severity.NONE)


def _error(sentence: str) -> Finding:
    return Finding(Severity.ERROR, sentence)


def _warning(sentence: str) -> Finding:
    return Finding(Severity.WARNING, sentence)


@dataclass(frozen=True)
class Kind:
    """One kind of number. ``check`` judges the canonical form that ``parse`` makes."""

    label: str
    judge: Callable[[str], Finding]
    layout: str = ""
    longest: int = 0
    shown_at_end: int = 4

    def parse(self, text: str) -> str:
        """The canonical form of what somebody typed, right or wrong."""
        value = re.sub(r"[\s\-/]", "", text).upper()
        # Old stems are printed without their leading zero.
        return f"0{value}" if len(value) == self.longest - 1 else value

    def check(self, value: str) -> Finding:
        return self.judge(value)

    def show(self, value: str) -> str:
        """The way it is printed on the card or letter."""
        left = iter(value)
        laid_out = "".join(next(left, "") if place == "#" else place for place in self.layout)
        return (laid_out + "".join(left)).strip(" /")

    def mask(self, value: str) -> str:
        """Its last characters, enough to recognise and too few to use."""
        hidden = max(len(value) - self.shown_at_end, 0)
        return "•" * hidden + value[hidden:]


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _medicare(value: str) -> Finding:
    """Check a card number of ten digits, or eleven with the person's own reference number (IRN).

    The check digit is of NEHTA's conformance requirements for healthcare identifiers, version 1.4.
    """
    if not re.fullmatch(r"\d{10,11}", value):
        return _error(
            "A Medicare number has 10 digits, or 11 with the reference number in front of the name."
        )
    if value[0] not in "23456":
        return _error("A Medicare number starts with 2, 3, 4, 5 or 6.")
    if value[9] == "0":
        return _error("The last digit of a Medicare card number counts the cards and is never 0.")
    if value[10:] == "0":
        return _error("The reference number in front of a name on a Medicare card is 1 to 9.")
    if _weighted(value[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 != int(value[8]):
        return _warning(
            "The check digit of this Medicare number does not fit. Please compare it with the card."
        )
    return FINE


def _irn(value: str) -> Finding:
    if re.fullmatch(r"[1-9]", value):
        return FINE
    return _error("The reference number in front of a name on a Medicare card is one digit, 1 to 9.")


def _healthcare(name: str, prefix: str) -> Callable[[str], Finding]:
    """Check a number of the Healthcare Identifiers Service: 16 digits, a prefix, Luhn."""

    def judge(value: str) -> Finding:
        if not re.fullmatch(r"\d{16}", value):
            return _error(f"An {name} has 16 digits.")
        if not value.startswith(prefix):
            return _error(f"An {name} starts with {prefix}.")
        if not stdnum.luhn.is_valid(value):
            return _error(f"The check digit of this {name} does not fit. Please compare it with its source.")
        return FINE

    return judge


PRACTICE_LOCATIONS = "0123456789ABCDEFGHJKLMNPQRTUVWXY"
PROVIDER_LETTERS = "YXWTLKJHFBA"


def _provider(value: str) -> Finding:
    if not re.fullmatch(rf"\d{{6}}[{PRACTICE_LOCATIONS}][A-Z]", value):
        return _error("A provider number has 6 digits, a character for the location and a check letter.")
    total = _weighted(value[:6], (3, 5, 8, 4, 2, 1)) + 6 * PRACTICE_LOCATIONS.index(value[6])
    if PROVIDER_LETTERS[total % 11] != value[7]:
        # Not refused: Medicare itself has issued numbers with a wrong letter (September 2015).
        return _warning(
            "The check letter of this provider number does not fit. Please compare it with Medicare's letter."
        )
    return FINE


def _prescriber(value: str) -> Finding:
    if not re.fullmatch(r"\d{7}", value):
        return _error("A PBS prescriber number has 7 digits.")
    if value[0] == "0":
        # A remainder of 10 fits no digit: what is printed then is not published.
        fits = _weighted(value[:6], (0, 5, 8, 4, 2, 1)) % 11 == int(value[6])
    else:
        fits = _weighted(value[:6], (1, 3, 7, 9, 1, 3)) % 10 == int(value[6])
    if not fits:
        return _warning(
            "The check digit of this prescriber number does not fit. Please compare it with its letter."
        )
    return FINE


def _ahpra(value: str) -> Finding:
    if not re.fullmatch(r"[A-Z]{3}\d{10}", value):
        return _error("An Ahpra number has 3 letters followed by 10 digits.")
    return FINE


def _dva(value: str) -> Finding:
    if not re.fullmatch(r"[NVQWST](?:[A-Z]\d{6}|[A-Z]{2}\d{5}|[A-Z]{3}\d{4})[A-Z]?", value):
        # Not refused: shorter and older forms are in use.
        return _warning("This does not look like a DVA file number. Please compare it with the card.")
    return FINE


CRN_LETTERS = "XVTSLKJHCBA"


def _crn(value: str) -> Finding:
    if not re.fullmatch(r"\d{9}[A-Z]", value):
        return _error("A Centrelink reference number (CRN) has 9 digits and a letter.")
    if CRN_LETTERS[_weighted(value[:9], (512, 256, 128, 64, 32, 16, 8, 4, 2)) % 11] != value[9]:
        return _warning(
            "The letter of this Centrelink reference number does not fit. Please compare it with the card."
        )
    return FINE


def _abn(value: str) -> Finding:
    if re.fullmatch(r"\d{11}", value) and stdnum.au.abn.is_valid(value):
        return FINE
    return _error("This is not an ABN. It has 11 digits, of which the first two are check digits.")


def _gtin(value: str) -> Finding:
    if re.fullmatch(r"\d{8}|\d{12,14}", value) and stdnum.ean.is_valid(value):
        return FINE
    return _error("This is not a GTIN. It has 8, 12, 13 or 14 digits, of which the last is a check digit.")


def _sctid(value: str) -> Finding:
    if re.fullmatch(r"[1-9]\d{5,17}", value) and stdnum.verhoeff.is_valid(value):
        return FINE
    return _error(
        "This is not a SNOMED CT identifier. It has 6 to 18 digits, of which the last is a check digit."
    )


MEDICARE = Kind("Medicare number", _medicare, layout="#### ##### # / #", shown_at_end=3)
IRN = Kind("Medicare reference number", _irn, shown_at_end=0)
IHI = Kind("IHI", _healthcare("IHI", "800360"), layout="#### #### #### ####")
HPII = Kind("HPI-I", _healthcare("HPI-I", "800361"), layout="#### #### #### ####")
HPIO = Kind("HPI-O", _healthcare("HPI-O", "800362"), layout="#### #### #### ####")
PROVIDER = Kind("provider number", _provider, longest=8)
PRESCRIBER = Kind("prescriber number", _prescriber)
AHPRA = Kind("Ahpra number", _ahpra)
DVA = Kind("DVA file number", _dva, shown_at_end=3)
CRN = Kind("Centrelink reference number", _crn, layout="### ### ####", shown_at_end=3)
ABN = Kind("ABN", _abn, layout="## ### ### ###")
GTIN = Kind("GTIN", _gtin)
SCTID = Kind("SNOMED CT identifier", _sctid)

KINDS = {
    "medicare": MEDICARE,
    "irn": IRN,
    "ihi": IHI,
    "hpii": HPII,
    "hpio": HPIO,
    "provider": PROVIDER,
    "prescriber": PRESCRIBER,
    "ahpra": AHPRA,
    "dva": DVA,
    "crn": CRN,
    "abn": ABN,
    "gtin": GTIN,
    "sctid": SCTID,
}


# The same shapes in the database's words, for the numbers that records keep.
SHAPES = {
    "medicare": r"^[2-6]\d{8}[1-9]$",
    "irn": r"^[1-9]$",
    "ihi": r"^800360\d{10}$",
    "hpii": r"^800361\d{10}$",
    "provider": rf"^\d{{6}}[{PRACTICE_LOCATIONS}][A-Z]$",
    "prescriber": r"^\d{7}$",
    "ahpra": r"^[A-Z]{3}\d{10}$",
    "sctid": r"^[1-9]\d{5,17}$",
}


def shape(field: str, kind: str) -> models.CheckConstraint:
    """Let the database refuse, in ``field``, what has not the shape of this kind of number."""
    return models.CheckConstraint(
        condition=Q(**{field: ""}) | Q(**{f"{field}__regex": SHAPES[kind]}),
        name=f"%(app_label)s_%(class)s_{field}_shape",
        violation_error_message=f"This cannot be the {KINDS[kind].label}.",
    )


@deconstructible
class Wellformed:
    """Refuses, as a model field's validator, what cannot be a number of this kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, value: str) -> None:
        finding = KINDS[self.kind].check(value)
        if finding.severity == Severity.ERROR:
            raise ValidationError(finding.sentence)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wellformed) and other.kind == self.kind

    def __hash__(self) -> int:
        return hash(self.kind)
