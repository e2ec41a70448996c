"""Days that people ask for: within reach of what the database and the calendar can tell."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2999, 12, 31)
OUT_OF_REACH = "Choose a day between the years 2000 and 2999."


def day_field(**options: Any) -> forms.DateField:
    """A field for a day; one so far away that no clock could tell it is refused with a sentence."""
    reach = [MinValueValidator(FIRST, OUT_OF_REACH), MaxValueValidator(LAST, OUT_OF_REACH)]
    return forms.DateField(validators=reach, **options)
