"""Workbooks for the tests of the catalogue: the samples, and ways to damage them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings

SAMPLES = settings.BASE_DIR / "fixtures" / "sheets"


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    """Keep received files out of the clinic's own folder."""
    files = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "files", "base_url": None}}
    settings.STORAGES = settings.STORAGES | {"default": files}
    return tmp_path / "files"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The sample workbook of one supplier."""
    return lambda key: (SAMPLES / f"{key}.xlsx").read_bytes()


@pytest.fixture
def damaged(sample) -> Callable[..., bytes]:
    """The sample workbook after ``damage(book)`` was done to it."""

    def make(key: str, damage: Callable[[openpyxl.Workbook], object]) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(sample(key)))
        damage(book)
        written = io.BytesIO()
        book.save(written)
        return written.getvalue()

    return make


@pytest.fixture
def strengths(damaged) -> Callable[[str, str], bytes]:
    """The MedReleaf sample with these strengths of the oil "5 / 100", and no category stated for it."""

    def make(thc: str, cbd: str) -> bytes:
        def edit(book):
            book["Oil"]["G3"], book["Oil"]["H3"], book["Oil"]["C3"] = thc, cbd, None

        return damaged("medreleaf", edit)

    return make


@pytest.fixture
def sample_path() -> Callable[[str], Path]:
    return lambda key: SAMPLES / f"{key}.xlsx"


@pytest.fixture
def reviewer(make_user):
    """A second manager: whoever reviewed a list does not approve it."""
    return make_user("manager", "reviewer")
