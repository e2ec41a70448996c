"""What can be wrong with a line of a supplier's list, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # the line is kept and shown, and makes no product
    REVIEW = "review"  # the product is taken as stated; a person looks at it
    NOTE = "note"  # worth knowing


E, R, N = Severity.ERROR, Severity.REVIEW, Severity.NOTE
CODES: dict[str, tuple[Severity, str]] = {
    # Reading
    "name_missing": (E, "The line has no product name."),
    "line_incomplete": (E, "Only a few cells of this line are filled, so it was not taken as a product."),
    "merged_cells": (E, "Cells of this line are merged, so values cannot be told apart."),
    "text_too_long": (E, "The text of a cell is far longer than what belongs there."),
    "sheet_unknown": (E, "The workbook has a sheet that this layout does not know; nothing of it was read."),
    "sheet_hidden": (N, "The sheet is hidden in the workbook, and was read all the same."),
    "column_unknown": (N, "The list has a column that is not imported."),
    "heading_skipped": (N, "The line repeats the headings."),
    # Potency and composition
    "potency_unreadable": (R, "The strength cannot be read."),
    "potency_unit_missing": (R, "The strength has no unit."),
    "potency_missing": (R, "A strength is left blank, and nothing else of the line says that there is none."),
    "potency_looks_like_fraction": (R, "The percentage looks like a fraction."),
    "comma_in_number": (R, "The strength has a comma, which parts thousands or is a decimal point."),
    "potency_unusual": (R, "So much in one piece is unusual."),
    "digits_hidden": (R, "The cell holds another number than it shows; what it shows was taken."),
    "potency_without_basis": (R, "The strength is in mg without telling per what."),
    "potency_impossible": (E, "The strength is outside what is physically possible."),
    "second_strength_unreadable": (N, "The other strength cell cannot be read; the first one holds."),
    "potency_disagrees": (R, "Two cells of the line state different strengths."),
    "cannabinoid_without_amount": (R, "A cannabinoid is named without an amount."),
    "total_disagrees": (R, "The total per container does not follow from strength and size."),
    "name_disagrees_with_potency": (R, "The name tells another strength than the strength cells."),
    # Category and schedule
    "category_unreadable": (R, "The TGA category cannot be read."),
    "category_disagrees": (R, "The stated TGA category does not follow from the composition."),
    "schedule_unreadable": (R, "The schedule cannot be read."),
    "schedule_disagrees": (R, "The stated schedule does not follow from the composition."),
    "unclassified": (R, "No TGA category follows from the composition."),
    "pathway_unreadable": (R, "How the product may be had cannot be read."),
    "pathway_disagrees": (R, "The access pathway and the ARTG ID contradict each other."),
    "artg_unreadable": (R, "The ARTG ID is not a number."),
    # Commerce
    "price_missing": (R, "The price is missing."),
    "price_unreadable": (R, "The price cannot be read."),
    "price_rounded": (R, "The cell shows a rounded price; the exact one was taken."),
    "price_conflict": (R, "Two sheets quote different prices for the same product."),
    "price_same_for_other_size": (R, "Two sizes of the same medicine have the same price."),
    "price_below_cost": (R, "The retail price is below the wholesale price."),
    "price_changed_much": (R, "The price has changed by more than is usual."),
    # Identity
    "gtin_invalid": (R, "The barcode is not a valid GTIN-13."),
    "gtin_missing": (R, "The barcode is missing."),
    "gtin_taken": (E, "The barcode belongs to a product of another supplier."),
    "identity_ambiguous": (E, "Several products of the catalogue fit this line, which has no barcode."),
    "duplicate_in_file": (E, "The same product is listed twice."),
    "brand_unknown": (R, "The brand cannot be told from the name."),
    "sheets_disagree": (R, "Two sheets describe the same product differently."),
    "match_uncertain": (R, "It is not certain which line of the other sheet this is."),
    "trade_name_disagrees": (R, "The trade name has other numbers than the product name."),
    # Beside the last list
    "gone_from_list": (R, "The product was in the catalogue and is not on this list."),
    "strength_changed": (R, "The strength or the pack size is not what it was."),
    "listed_again": (R, "The product was discontinued and is on the list again."),
    "older_list": (R, "The list seems to be older than the last one that was applied."),
    # Description
    "dose_form_unknown": (R, "The dose form is not one that we know."),
    "size_unreadable": (R, "The pack size cannot be read."),
    "status_missing": (R, "The status is missing."),
    "status_unreadable": (E, "The status is not one that we know, so the line was not taken."),
    "strain_disagrees_with_ratio": (R, "The strain type does not fit the Indica to Sativa ratio."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about one line, and the cell that says it."""

    code: str
    cell: str = ""  # "Sheet1!C3"
    detail: str = ""

    @property
    def severity(self) -> Severity:
        return CODES[self.code][0]

    def __str__(self) -> str:
        where = f" ({self.cell})" if self.cell else ""
        detail = f" {self.detail}" if self.detail else ""
        return f"{CODES[self.code][1]}{detail}{where}"

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "severity": self.severity.value, "cell": self.cell, "text": str(self)}
