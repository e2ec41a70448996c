"""One product as a supplier's workbook states it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.sheets.findings import Finding, Severity
from catalog.sheets.parsing import Amount, Size


@dataclass
class Offer:
    """What one line of a list says, with the cell of every value, and what is to be said about it."""

    sheet: str
    cell: str  # of the name
    line: str  # for people: "row 7", "column P"
    raw: dict[str, str] = field(default_factory=dict)  # "Sheet1!A2" -> the text as it stands there
    cells: dict[str, str] = field(default_factory=dict)  # our field -> "Sheet1!A2"
    findings: list[Finding] = field(default_factory=list)

    supplier: str = ""
    brand: str = ""
    name: str = ""
    trade_name: str = ""
    dose_form: str = ""  # in the supplier's words
    size: Size | None = None
    potencies: dict[str, Amount] = field(default_factory=dict)
    is_composition_known: bool = True  # False when a strength cannot be read, or is left blank
    thc_total: str = ""
    cbd_total: str = ""
    schedule: str = ""
    tga_category: int | None = None
    wholesale: Decimal | None = None
    retail: Decimal | None = None
    wholesale_gst: str = ""
    retail_gst: str = ""
    gtin13: str = ""
    product_code: str = ""
    artg_id: str = ""
    pathway: str = ""  # "unapproved" or "registered", where the list says so
    strain_type: str = ""
    cultivar: str = ""
    lineage: str = ""
    terpenes: str = ""
    ratio: tuple[Decimal, Decimal] | None = None  # Indica to Sativa
    storage: str = ""
    packaging: str = ""
    supply: str = ""  # what the list calls status
    availability: str = ""
    available_on: datetime.date | None = None

    def find(self, code: str, field_name: str = "", detail: str = "") -> None:
        """Remember something to say about ``field_name`` of this line."""
        finding = Finding(code, self.cells.get(field_name, self.place), detail)
        if finding not in self.findings:
            self.findings.append(finding)

    @property
    def place(self) -> str:
        return f"{self.sheet}!{self.cell}"

    @property
    def is_quarantined(self) -> bool:
        return any(finding.severity == Severity.ERROR for finding in self.findings)

    def codes(self, severity: Severity) -> list[str]:
        """The codes of this weight, each once, in the order they came up."""
        return list(dict.fromkeys([f.code for f in self.findings if f.severity == severity]))

    def as_json(self) -> dict[str, Any]:
        """The stated values; None for whatever the workbook does not state."""
        potency = {name.lower(): amount.as_json() for name, amount in self.potencies.items()}
        return {
            "gtin13": self.gtin13 or None,
            "supplier": self.supplier,
            "brand": self.brand or None,
            "product_name": self.name,
            "dose_form": self.dose_form or None,
            "size": self.size.as_json() if self.size else None,
            "thc": potency.pop("thc", None),
            "cbd": potency.pop("cbd", None),
            "other_cannabinoids": potency,
            "schedule_stated": self.schedule or None,
            "tga_category_stated": self.tga_category,
            "wholesale": str(self.wholesale) if self.wholesale is not None else None,
            "retail": str(self.retail) if self.retail is not None else None,
            "status": self.supply or None,
            "availability": self.availability or None,
            "product_code": self.product_code or None,
            "strain_type": self.strain_type or None,
            "cultivar": self.cultivar or None,
            "source": {"sheet": self.sheet, "cell": self.cell},
            "review": self.codes(Severity.REVIEW),
            "notes": self.codes(Severity.NOTE),
        }
