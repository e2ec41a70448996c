"""Everything that stands on a prescription, copied as it is at the moment of issue."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.models import Product
from clinic import gathering, spelling
from config import hashing

if TYPE_CHECKING:
    from clinic.models import Approval, PrescriptionLine

FORMAT = 1  # of this content; raise it when a field changes its meaning
READ = (
    *("schedule", "dispense_state", "state_authority", "replaces"),
    *("prescriber", "patient", "authority", "lines"),
)


def describe(
    case: gathering.Case, *, number: int, valid_until_on: datetime.date, overridden: Mapping[str, str]
) -> dict[str, Any]:
    """Write down the whole prescription: what is printed, hashed and shown years later."""
    prescription = case.prescription
    found = authority(case)
    return {
        "format": FORMAT,
        "number": number,
        "schedule": case.schedule,
        "issued_on": case.today.isoformat(),
        "issued_at": case.now.astimezone(datetime.UTC).isoformat(),
        "valid_until_on": valid_until_on.isoformat(),
        "dispense_state": prescription.dispense_state,
        "state_authority": prescription.state_authority,
        "replaces": prescription.replaces.number if prescription.replaces else None,
        "handwriting": case.is_s8 and bool(case.jurisdiction and case.jurisdiction.handwriting),
        "practice": _practice(case),
        "prescriber": _prescriber(case),
        "patient": _patient(case),
        "authority": _authority(found) if found else None,
        "lines": [_line(line) for line in case.lines],
        "evidence": _evidence(case),
        "overridden": dict(overridden),
    }


def as_read(case: gathering.Case) -> str:
    """The fingerprint of what a doctor reads before signing: everything that goes to the pharmacy.

    What passes with the clock (when it is issued, the talk that still runs) is left out.
    """
    whole = describe(case, number=0, valid_until_on=case.today, overridden={})
    return hashing.fingerprint({name: whole[name] for name in READ})


def authority(case: gathering.Case) -> Approval | None:
    """The authority of the TGA that the form carries; a form has one."""
    return next((case.approval(product) for product in case.unapproved), None)


def _practice(case: gathering.Case) -> dict[str, str]:
    practice = case.facts.practice
    return {"name": practice.name, "address": practice.address, "phone": practice.phone}


def _prescriber(case: gathering.Case) -> dict[str, str]:
    practitioner = case.encounter.practitioner
    return {
        "id": str(practitioner.pk),
        "name": str(practitioner),
        "qualifications": practitioner.qualifications,
        "ahpra_number": practitioner.ahpra_number,
        "prescriber_number": practitioner.prescriber_number,
        "provider_number": practitioner.provider_number,
    }


def _patient(case: gathering.Case) -> dict[str, Any]:
    patient = case.encounter.patient
    return {
        "id": str(patient.pk),
        "name": str(patient),
        "address": patient.address,
        "date_of_birth": patient.date_of_birth.isoformat() if patient.date_of_birth else None,
    }


def _authority(approval: Approval) -> dict[str, Any]:
    return {
        "id": str(approval.pk),
        "pathway": approval.get_pathway_display(),
        "reference": approval.reference,
        "indication": approval.indication,
        "tga_category": approval.tga_category,
    }


def _line(line: PrescriptionLine) -> dict[str, Any]:
    product = line.product
    return {
        "id": str(line.pk),
        "product": str(product.pk),
        "name": product.name,
        "brand": product.brand,
        "active": active_ingredients(product),
        "strength": product.strength_text,
        "dose_form": product.get_dose_form_display(),
        "schedule": product.schedule,
        "tga_category": product.tga_category,
        "gtin": product.gtin13,
        "artg_id": product.artg_id,
        "is_unapproved": gathering.is_unapproved(product),
        "packs": line.quantity,
        "pack": product.size_text,
        "quantity": quantity(line),
        "directions": line.directions,
        "repeats": line.repeats,
        "repeats_in_words": spelling.in_words(line.repeats),
        "interval_days": line.interval_days,
    }


def active_ingredients(product: Product) -> str:
    """Name what works in it, as a pharmacist would."""
    if product.kind != Product.Kind.CANNABIS:
        return product.name
    named = [
        ("delta-9-tetrahydrocannabinol (THC)", product.thc_value),
        ("cannabidiol (CBD)", product.cbd_value),
    ]
    found = [name for name, value in named if value]
    return ", ".join(found + sorted(name.upper() for name in product.other_cannabinoids))


def quantity(line: PrescriptionLine) -> str:
    """Write the quantity in figures and words: "2 (two) packs of 30 g, in all 60 (sixty) grams"."""
    product = line.product
    packs = spelling.quantity(line.quantity, "pack")
    if product.size_value is None:
        return packs
    whole = spelling.quantity(line.quantity * product.size_value, product.size_unit)
    return f"{packs} of {product.size_text}, in all {whole}"


def _evidence(case: gathering.Case) -> dict[str, Any]:
    return {
        "encounter": str(case.encounter.pk),
        "segments": [str(segment.pk) for segment in case.segments],
        "consents": [str(consent.pk) for consent in case.facts.consents],
        "monitoring": str(case.look.pk) if case.look else None,
        "location": case.encounter.location_state,
        "practises_in": case.practises_in,
    }
