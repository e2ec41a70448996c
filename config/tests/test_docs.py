"""What the documents point to is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

BASE = settings.BASE_DIR
DOCUMENTS = [BASE / "README.md", *sorted((BASE / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)")
MAKE = re.compile(r"^([a-z]+):", re.MULTILINE)


def headings(document: Path) -> set[str]:
    """The places in a document that a link may name."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def missing(document: Path) -> list[str]:
    """The links and pictures of ``document`` that lead nowhere; the web is not asked."""
    found = []
    for link in LINK.findall(document.read_text()):
        path, _, place = link.partition("#")
        there = (document.parent / path) if path else document
        if "://" not in link and not (there.exists() and (not place or place in headings(there))):
            found.append(link)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(BASE)))
def test_every_link_leads_somewhere(document):
    assert missing(document) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(BASE)))
def test_every_command_of_make_exists(document):
    named = set(re.findall(r"`make ([a-z]+)", document.read_text()))

    assert named <= set(MAKE.findall((BASE / "Makefile").read_text()))


def test_the_readme_shows_the_product():
    assert [link for link in LINK.findall(DOCUMENTS[0].read_text()) if link.endswith(".png")]


def test_a_dead_link_is_found(tmp_path):
    document = tmp_path / "page.md"
    document.write_text(
        "# One two\n[a](#one-two) [b](#three) ![c](no.png) [d](page.md) [e](https://x.example)"
    )

    assert missing(document) == ["#three", "no.png"]
