"""Tables that act: macros, embedded objects, links to elsewhere and calls to other programs are refused.

A list is read for its cells, and nobody opens it here. But it is kept, and handed out again to whoever
looks into an import with a spreadsheet program: what acts there must not have come by us. A leaf.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

import xlrd.compdoc

from config.uploads import NotTaken

AGAIN = "Please ask for the list without it, or save it as a plain workbook or as CSV and send that."
MACROS = f"This file has macros, which we do not take. {AGAIN}"
OBJECTS = f"This file has other files or controls inside it, which we do not take. {AGAIN}"
LINKS = f"This file is linked to other files or to the web, which we do not take. {AGAIN}"
CALLS = f"This file has cells that call other programs, which we do not take. {AGAIN}"

BY_NAME = (
    (re.compile(r"vba|macrosheets/|dialogsheets/|^basic/|^scripts/|customui"), MACROS),
    (re.compile(r"embeddings/|activex/|ctrlprops/|oleobject|webextensions/|^object "), OBJECTS),
    (re.compile(r"externallinks/|(^|/)connections\.xml|querytables/"), LINKS),
)
"""What the parts of a zipped workbook (.xlsx, .ods) are called that act."""
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
IN_OLE = (("_VBA_PROJECT", MACROS), ("Ole10Native", OBJECTS), ("MBD0", OBJECTS))
CALL = re.compile(
    rb"""(?:^|[\n\r,;\t"'])[ ]{0,20}[=+\-@][ ]{0,20}"""
    rb"""(?:[\w.]+\|[^\n]{0,300}!|(?:WEBSERVICE|HYPERLINK|RTD|CALL|EXEC|IMPORT\w+)\s*\()""",
    re.IGNORECASE,
)
IN_OPEN_DOCUMENT = re.compile(rb"<table:dde-link|<table:table-source|<script:event-listener|:=\s*DDE\(")
LONGEST_PART = 50_000_000  # bytes of a part that are looked through; what is longer is no list of ours
BOUNDSHEET, SUPBOOK = 0x0085, 0x01AE
INTERNAL = 4  # bytes of the record that names the workbook itself, or functions that come with the program
ACTING_SHEETS = {1, 6}  # a sheet of macros of the old kind, a module


def refuse(content: bytes) -> None:
    """Go through a table (.xlsx, .xls, .ods, .csv) for what would act when somebody opens it.

    :raises NotTaken: it has something; the sentence says what, and what to do
    """
    if content.startswith(b"PK"):
        why = _in_zip(content)
    elif content.startswith(OLE):
        why = _in_ole(content)
    else:
        why = CALLS if CALL.search(content) else ""
    if why:
        raise NotTaken(why)


def _in_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            for name in names:
                found = [why for pattern, why in BY_NAME if pattern.search(name.lower())]
                if found:
                    return found[0]
            return next((why for name in names if (why := _in_part(archive, name))), "")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError):
        return ""  # the reading says that it is damaged


def _in_part(archive: zipfile.ZipFile, name: str) -> str:
    """What a part says in its text: where a relation leads, what a whole file is, cells that call out."""
    if name.endswith(".rels"):
        text = _read(archive, name)
        outside = re.findall(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", text)
        # A link that somebody has to click is text; whatever is fetched by itself is not.
        return "" if all(re.search(rb"relationships/hyperlink[\"']", one) for one in outside) else LINKS
    if name == "[Content_Types].xml":
        return MACROS if b"macroEnabled" in _read(archive, name) else ""
    if name == "content.xml":
        return LINKS if IN_OPEN_DOCUMENT.search(_read(archive, name)) else ""
    return ""


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(LONGEST_PART)


def _in_ole(content: bytes) -> str:
    for name, why in IN_OLE:
        if name.encode("utf-16-le") in content:
            return why
    for kind, data in _records(content):
        if kind == BOUNDSHEET and len(data) > 5 and data[5] in ACTING_SHEETS:
            return MACROS
        if kind == SUPBOOK and len(data) > INTERNAL:
            return LINKS
    return ""


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a workbook of the older kind; none of one that is damaged, which the reading says."""
    try:
        document = xlrd.compdoc.CompDoc(content, logfile=io.StringIO())
        stream = document.get_named_stream("Workbook") or document.get_named_stream("Book") or b""
    except (xlrd.compdoc.CompDocError, struct.error, LookupError, AssertionError, ValueError, TypeError):
        return
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, bytes(stream[place + 4 : place + 4 + length])
        place += 4 + length
