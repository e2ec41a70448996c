"""The advertising guard: no medicine is named, and no cannabis promoted, in what the public reads.

TG Act s 42DLB and AUSTRALIA.md 2.5: what counts is what a reasonable reader would take as promoting use or
supply, euphemisms included. Names of the catalogue are kept out without anybody listing them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from catalog.models import Product
from clinic.models import AdvertisingTerm
from config.base import Refused
from config.sets import add_all

TERMS = [
    "cannabidiol",
    "cannabinoid",
    "cannabinoids",
    "cannabis",
    "CBD",
    "CBG",
    "CBN",
    "dried flower",
    "ganja",
    "green medicine",
    "hemp",
    "indica",
    "marijuana",
    "natural medicine",
    "plant based medicine",
    "plant medicine",
    "sativa",
    "terpenes",
    "tetrahydrocannabinol",
    "THC",
    "weed",
]
"""As they come with the product. Managers keep the list from then on."""
NAMES = ("brand", "name", "cultivar")
"""By which a product is known; words of fewer than three letters are no name."""


class Found(NamedTuple):
    """Words that may not stand there, and where: in which text, in which of its lines."""

    words: str
    place: str
    line: int


class Advertises(Refused):
    def __init__(self, found: list[Found]) -> None:
        named = "; ".join(f"“{one.words}” ({one.place}, line {one.line})" for one in found[:10])
        super().__init__(f"This would advertise a medicine, which the law forbids. Take out: {named}.")
        self.found = found


def ship(**kwargs: Any) -> None:
    """Write the words after ``migrate`` where there are none yet; what managers keep stays as it is."""
    if not AdvertisingTerm.objects.exists():
        add_all([AdvertisingTerm(words=words) for words in TERMS], by=None, why="Came with the product.")


def check(texts: Mapping[str, str]) -> None:
    """Let ``texts``, each under the name of its place, be read by the public.

    :raises Advertises: they name a medicine, or promote one; it says which words, and where
    """
    if found := found_in(texts):
        raise Advertises(found)


def found_in(texts: Mapping[str, str]) -> list[Found]:
    """The words in ``texts`` that may not stand there, whatever their case, dots and hyphens."""
    kept_out = _kept_out()
    return [one for place, text in texts.items() for one in _found(place, text, kept_out)]


def _found(place: str, text: str, kept_out: Mapping[str, str]) -> list[Found]:
    words = [(word, line) for line, said in enumerate(text.splitlines(), 1) for word in _plain(said).split()]
    said, starts = " ", {}
    for word, line in words:  # one run of words, so that a name over two lines is found as well
        starts[len(said) - 1] = line
        said += f"{word} "
    found = []
    for plain, name in kept_out.items():
        at = said.find(f" {plain} ")
        if at >= 0:
            found.append(Found(name, place, starts[at]))
    return sorted(found, key=lambda one: (one.line, one.words))


def _kept_out() -> dict[str, str]:
    """What is kept out, plain and as people write it: the terms, and the names of the catalogue."""
    terms = {
        _plain(words): (words, used)
        for words, used in AdvertisingTerm.objects.values_list("words", "is_used")
    }
    names = chain.from_iterable(Product.objects.order_by().values_list(*NAMES).distinct())
    found = {_plain(name): name for name in names}
    found |= {plain: words for plain, (words, _) in terms.items()}
    allowed = {plain for plain, (_, is_used) in terms.items() if not is_used}
    return {
        plain: words
        for plain, words in found.items()
        if plain not in allowed and sum(letter.isalpha() for letter in plain) >= 3
    }


def _plain(text: str) -> str:
    """Letters, figures and single blanks: ``T.H.C.-rich`` becomes ``thc rich``."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join(one for one in folded if unicodedata.category(one) != "Cf")  # marks nobody sees
    folded = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", folded)
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub("['’`´]", "", folded)).split())
