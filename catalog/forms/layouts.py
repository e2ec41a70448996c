"""Matching columns: one form per sheet of the sample, and one for the list as a whole."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog import checking, matching
from catalog.forms.imports import without_action
from catalog.matching import AGAIN, LEFT_OUT, NAME_IN_SECTIONS, READ, Choice
from catalog.models import Price, Supplier
from catalog.sheets.guessing import FIELDS
from catalog.sheets.layout import SEARCHED_ROWS
from catalog.sheets.tables import Cell, Table

EXAMPLES = 3
SHOWN_ROWS, SHOWN_COLUMNS = 6, 14
FIELD_CHOICES: list[Any] = [
    ("", "Not imported"),
    *((group, [*fields.items()]) for group, fields in FIELDS.items()),
    ("Sections", [(NAME_IN_SECTIONS, "Product name, under a heading that is the brand")]),
]
GST = [("", "not said"), *Price.Gst.choices]


class SampleForm(forms.Form):
    """A supplier and a list of theirs to match the columns on."""

    supplier = forms.ModelChoiceField(
        Supplier.objects.none(), help_text="A new supplier is added under Suppliers first."
    )
    sample = forms.FileField(
        label="A list of theirs",
        help_text="A workbook (.xlsx, .xls, .ods) or a text with columns (.csv), up to 30 MB.",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["supplier"].queryset = Supplier.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean_sample(self) -> Any:
        return without_action(self.cleaned_data["sample"])


class WholeForm(forms.Form):
    """What holds for all sheets."""

    brands = forms.CharField(
        label="Brands that names begin with",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line. Only where the list has no column for the brand.",
    )
    wholesale = forms.ChoiceField(label="GST in wholesale prices", choices=GST, required=False)
    retail = forms.ChoiceField(label="GST in retail prices", choices=GST, required=False)

    def clean_brands(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["brands"].splitlines() if line.strip()]


class SheetForm(forms.Form):
    """How one sheet is laid out, with a choice for every column that the headings row has."""

    use = forms.ChoiceField(
        label="This sheet",
        choices=[
            (READ, "lists products"),
            (AGAIN, "lists the products of the first sheet once more"),
            (LEFT_OUT, "is left out"),
        ],
    )
    per_column = forms.ChoiceField(
        label="Products stand",
        choices=[("", "one per row"), ("yes", "one per column")],
        required=False,
    )
    header_row = forms.IntegerField(
        label="Row (or column) of the headings", min_value=1, max_value=SEARCHED_ROWS
    )
    dose_form = forms.ChoiceField(label="Dose form of all of them", required=False)
    # Which headings the choices below belong to; with others, they would mean other columns.
    shown_for = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, table: Table, proposed: Choice, data: Any = None, **kwargs: Any) -> None:
        self.table = table
        initial = {
            "use": proposed.use,
            "per_column": "yes" if proposed.per_column else "",
            "header_row": proposed.header_row,
            "dose_form": proposed.dose_form,
        }
        super().__init__(data, initial=initial, label_suffix="", **kwargs)
        forms_known = sorted({form.title() for form in checking.DOSE_FORMS} | {proposed.dose_form} - {""})
        self.fields["dose_form"].choices = [  # type: ignore[attr-defined]
            ("", "a column says it"),
            *((form, form) for form in forms_known),
        ]
        self.pointed_at = proposed.header_row, proposed.per_column
        self.is_pointed_elsewhere = False
        self._add_columns(proposed)

    def _add_columns(self, proposed: Choice) -> None:
        per_column, row = proposed.per_column, proposed.header_row
        if self.is_bound:
            per_column = bool(self.data.get(self.add_prefix("per_column")))
            said = self.data.get(self.add_prefix("header_row"), "")
            row = int(said) if said.isdecimal() and 0 < int(said) <= SEARCHED_ROWS else row
            self.is_pointed_elsewhere = self.data.get(self.add_prefix("shown_for")) != f"{row}:{per_column}"
            self.pointed_at = row, per_column
        self.header = matching.header_of(self.table, row, per_column=per_column)
        lines = (self.table.turned() if per_column else self.table).rows()
        self.examples = [line for number, line in enumerate(lines) if row <= number < row + EXAMPLES]
        self.fields["shown_for"].initial = f"{row}:{per_column}"
        for at, cell in enumerate(self.header):
            if not self._says_anything(at, cell):
                continue
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=cell.text or "Without a heading",
                choices=FIELD_CHOICES,
                required=False,
                initial=proposed.fields.get(at, ""),
            )

    def _says_anything(self, at: int, cell: Cell) -> bool:
        return bool(cell.text or any(line[at].text for line in self.examples))

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Every column with its heading, the first of its cells and the choice."""
        return [
            {
                "cell": cell.address,
                "heading": cell.text,
                "examples": [line[at].shown for line in self.examples if line[at].text],
                "field": self[f"column_{at}"],
            }
            for at, cell in enumerate(self.header)
            if f"column_{at}" in self.fields
        ]

    @property
    def first_rows(self) -> list[list[str]]:
        """The top of the sheet as it stands there."""
        rows = (row for number, row in enumerate(self.table.rows()) if number < SHOWN_ROWS)
        return [[cell.shown[:40] for cell in row[:SHOWN_COLUMNS]] for row in rows]

    @property
    def choice(self) -> Choice:
        said = self.cleaned_data
        fields = {
            int(name.removeprefix("column_")): into
            for name, into in said.items()
            if name.startswith("column_") and into
        }
        return Choice(said["use"], said["header_row"], bool(said["per_column"]), said["dose_form"], fields)
