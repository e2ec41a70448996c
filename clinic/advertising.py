"""The advertising guard: no medicine is named, and no cannabis promoted, in what the public reads.

TG Act s 42DLB and AUSTRALIA.md 2.5: what counts is what a reasonable reader would take as promoting use or
supply, euphemisms included. Names of the catalogue are kept out without anybody listing them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import unquote

from catalog.models import Product
from clinic.models import AdvertisingTerm
from config.base import Refused
from config.sets import add_all

TERMS = [
    "*cannab*",
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
    "*marihuana*",
    "marijuana",
    "*marijuana*",
    "natural medicine",
    "plant based medicine",
    "plant medicine",
    "sativa",
    "terpenes",
    "TGA approved",
    "tetrahydrocannabinol",
    "THC",
    "weed",
]
"""As they come with the product. Managers keep the list from then on. A star stands for any letters."""
NAMES = ("brand", "name", "cultivar")
"""By which a product is known; words of fewer than three letters are no name."""


COMPANIONS = frozenset(
    re.findall(
        r"\w+",
        """
    a all and at au aus australia australian australias balm based best brisbane bud buds buy capsule
    capsules cheap clinic clinics com cream darwin doctor doctors dominant dr drops dry dried extract
    extracts flower flowers for free from full get gummies gummy high hobart home in leaf legal low
    medical medicinal medicine medicines melbourne my natural near net new now of oil oils on online
    order organic our page pain patient patients perth pharmacy plus price prices product products pure
    rich script scripts seed seeds shop sleep spectrum spray store strain strains sydney tablet tablets
    the therapy tincture tinctures to top treatment treatments vape vapes vaping wax we with www your
    """,
    )
)
"""Words with which a kept-out one is run together in addresses and names of files: cbdoil, buythconline."""

KEY = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*[0-9][a-f])[0-9a-f]{8,}\b", re.IGNORECASE
)
"""Keys and fingerprints in addresses, whose letters say nothing."""
LONG = 12
"""Letters of a name that are in no ordinary word by chance."""


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
    """Every place in ``texts`` where words stand that may not, whatever their case, dots and hyphens.

    Also inside a word that is run together of them and others, as in an address.
    """
    kept_out = _kept_out()
    return [one for place, text in texts.items() for one in _found(place, text, kept_out)]


class KeptOut(NamedTuple):
    """What is kept out, each way of looking with the words as people write them."""

    runs: dict[str, str]
    """Plain words with single blanks."""
    pieces: dict[str, str]
    """The same run together, to be found inside a longer word."""
    patterns: dict[str, re.Pattern[str]]
    """Those with a star."""
    longest: int
    """Words in the longest of the runs."""
    longest_piece: int


def _found(place: str, text: str, kept_out: KeptOut) -> list[Found]:
    lines = KEY.sub(" ", unquote(text)).splitlines()
    told = [(word, line) for line, said in enumerate(lines, 1) for word in _plain(said).split()]
    words = [word for word, _ in told]
    found, covered = set(), set()
    for at, (_, line) in enumerate(told):  # one run of words, so that a name over two lines is found as well
        for count in range(1, min(kept_out.longest, len(words) - at) + 1):
            if name := kept_out.runs.get(" ".join(words[at : at + count])):
                found.add(Found(name, place, line))
                covered |= {*range(at, at + count)}
    hidden = {word: _hidden_in(word, kept_out) for word in {*words}}
    found |= {
        Found(name, place, line)
        for at, (word, line) in enumerate(told)
        if at not in covered and (name := hidden[word])
    }
    return sorted(found, key=lambda one: (one.line, one.words))


def _hidden_in(word: str, kept_out: KeptOut) -> str | None:
    """The words that are part of this one, if they are not there by chance as THC is in healthcare."""
    for words, pattern in kept_out.patterns.items():
        if pattern.fullmatch(word):
            return words
    for piece in _pieces_of(word, kept_out):
        if piece == word or _stands_out(piece, word) or _is_run_together(word, piece):
            return kept_out.pieces[piece]
    return None


def _pieces_of(word: str, kept_out: KeptOut) -> Iterator[str]:
    """Those that stand somewhere in ``word``: looked up, so that a large catalogue costs no more."""
    for start in range(len(word) - 2):
        for end in range(start + 3, min(len(word), start + kept_out.longest_piece) + 1):
            if word[start:end] in kept_out.pieces:
                yield word[start:end]


def _stands_out(piece: str, word: str) -> bool:
    """Whether no ordinary word could have ``piece`` there.

    None begins or ends with letters that have no vowel among them, and none holds so long a name.
    """
    if not re.search("[aeiouy]", piece) and (word.startswith(piece) or word.endswith(piece)):
        return True
    return len(piece) >= LONG


def _is_run_together(word: str, piece: str) -> bool:
    """Whether ``word`` is ``piece`` and words beside which it is sold, and nothing else."""
    if word in COMPANIONS:
        return False
    reached = {0}
    for at in range(len(word)):
        if at in reached:
            reached |= {at + len(part) for part in _parts_at(word, at, piece)}
    return len(word) in reached


def _parts_at(word: str, at: int, piece: str) -> Iterator[str]:
    rest = word[at:]
    if rest[0].isdigit():
        yield rest[0]
    if rest.startswith(piece):
        yield piece
    yield from (part for part in COMPANIONS if rest.startswith(part))


def _kept_out() -> KeptOut:
    """What is kept out: the terms, and the names of the catalogue."""
    terms = dict(AdvertisingTerm.objects.values_list("words", "is_used"))
    names = chain.from_iterable(Product.objects.order_by().values_list(*NAMES).distinct())
    found = {_plain(name): name for name in names}
    found |= {_plain(words): words for words in terms if "*" not in words}
    allowed = {_plain(words) for words, is_used in terms.items() if not is_used}
    runs = {
        plain: words
        for plain, words in found.items()
        if plain not in allowed and sum(letter.isalpha() for letter in plain) >= 3
    }
    pieces = {plain.replace(" ", ""): words for plain, words in runs.items()}
    starred = [words for words, is_used in terms.items() if is_used and "*" in words]
    return KeptOut(
        runs,
        pieces,
        {words: _pattern(words) for words in starred},
        max((len(plain.split()) for plain in runs), default=0),
        max(map(len, pieces), default=0),
    )


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\w*".join(re.escape(_plain(part).replace(" ", "")) for part in words.split("*")))


def _plain(text: str) -> str:
    """Letters, figures and single blanks: ``T.H.C.-rich`` becomes ``thc rich``, and so does ``T-H-C``."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join(one for one in folded if unicodedata.category(one) != "Cf")  # marks nobody sees
    folded = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", folded)
    folded = re.sub(
        r"\b([^\W\d_])(?:[-_ ]([^\W\d_])){2,}\b", lambda found: re.sub("[-_ ]", "", found[0]), folded
    )
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub("['’`´]", "", folded)).split())
