"""How spreadsheets show numbers: 0.17 with the format ``0%`` is 17 %, 94 with ``"$"#,##0`` is $94."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

# Excel's own formats by number (ECMA-376, 18.8.30), those that show a plain number.
BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0',
    6: '"$"#,##0',
    7: '"$"#,##0.00',
    8: '"$"#,##0.00',
    9: "0%",
    10: "0.00%",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    41: "#,##0",
    42: '"$"#,##0',
    43: "#,##0.00",
    44: '"$"#,##0.00',
}

SECTIONS = re.compile(r'(?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*')
# In order: words in quotes, one character taken as it is, currency in brackets, another bracket (colour,
# condition), a blank as wide as a character, one repeated to fill the cell, digits, per cent, the rest.
PARTS = re.compile(
    r'"(?P<words>[^"]*)"|\\(?P<one>.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|(?P<bracket>\[[^\]]*\])'
    r"|(?P<wide>_.)|(?P<fill>\*.)|(?P<digits>[#0?](?:[#0?,.]*[#0?])?)|(?P<percent>%)|(?P<other>.)"
)
SAID = " $€£+-():/"  # stands for itself without quotes
NOISE = Decimal("1e-9")  # of binary fractions, not of people


class Pattern(NamedTuple):
    """How one format writes a number that is not negative."""

    before: str
    after: str
    decimals: int
    least_digits: int
    has_commas: bool
    is_percent: bool


def plain(number: Decimal) -> str:
    """Write a number without exponent or trailing zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def exact(value: float) -> Decimal:
    """The number that was typed, without the noise of its binary form."""
    return Decimal(repr(value))


@lru_cache(maxsize=4096)
def shown(value: float, number_format: str) -> str:
    """The text that a cell shows; "" where the format is another than a number's, or says nothing."""
    pattern = _pattern(number_format) if value >= 0 else None
    if not pattern:
        return ""
    number = abs(exact(value)) * (100 if pattern.is_percent else 1)
    rounded = number.quantize(Decimal(1).scaleb(-pattern.decimals), ROUND_HALF_UP)
    digits = format(rounded, ",f" if pattern.has_commas else "f")
    if pattern.is_percent or not pattern.decimals:
        digits = digits if pattern.has_commas else plain(rounded)
    return f"{pattern.before}{digits.zfill(pattern.least_digits)}{pattern.after}"


@lru_cache(maxsize=4096)
def differs(value: float, text: str) -> bool:
    """Whether the number in ``text`` is another than ``value``, because digits of it are not shown."""
    found = re.search(r"\d[\d,]*(?:\.\d+)?|\.\d+", text)
    if not found:
        return False
    number, typed = Decimal(found[0].replace(",", "")), abs(exact(value))
    # A sign for per cent multiplies, unless the format writes it as a word.
    return min(abs(number - typed * times) for times in ((1, 100) if "%" in text else (1,))) > NOISE


@lru_cache(maxsize=512)
def _pattern(number_format: str) -> Pattern | None:
    section = SECTIONS.match(number_format)
    before, after, digits, is_percent = "", "", "", False
    for part in PARTS.finditer(section[0] if section else ""):
        said = part["words"] or part["one"] or part["currency"] or ""
        if part["other"] and part["other"] not in SAID:
            return None  # a date, a time, an exponent, General
        if part["digits"]:
            if digits:
                return None  # a fraction
            digits = part["digits"]
        said += part["other"] or ("%" if part["percent"] else "")
        is_percent = is_percent or bool(part["percent"])
        before, after = (before, after + said) if digits else (before + said, after)
    if not digits or "?" in digits.partition(".")[2].rstrip("?"):
        return None
    whole, _, fraction = digits.partition(".")
    return Pattern(before.lstrip(), after.rstrip(), len(fraction), whole.count("0"), "," in whole, is_percent)
