"""What each state and territory asks of a prescription for Schedule 8 cannabis medicine.

Nothing is assumed about a state that is not in the table: an unknown rule blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.models import DoseForm
from clinic.models import State


@dataclass(frozen=True)
class Jurisdiction:
    """The rules of one state, and where they stand."""

    monitoring: str
    source: str
    is_monitoring_law: bool = False
    blocked: str = ""
    """Why an S8 script from here cannot be dispensed there; empty where it can."""
    authority: str = ""
    """The state's authority that must be named on every S8 script; empty where none is needed."""
    months_without_authority: int = 0
    """Treatment may last this long before the authority is needed."""
    blocked_forms: frozenset[str] = frozenset()
    handwriting: bool = False
    """The prescriber writes the particulars of an S8 medicine again by hand."""
    caution: str = ""


TABLE: dict[str, Jurisdiction] = {
    State.NSW: Jurisdiction(
        monitoring="SafeScript NSW",
        source="Poisons and Therapeutic Goods Regulation 2008 (NSW); NSW Health TG184",
        handwriting=True,
        caution="A prescriber from another state may need prior authorisation in New South Wales.",
    ),
    State.VIC: Jurisdiction(
        monitoring="SafeScript",
        source="Drugs, Poisons and Controlled Substances Act 1981 (Vic); permit change of 28 February 2022",
        is_monitoring_law=True,
    ),
    State.QLD: Jurisdiction(
        monitoring="QScript",
        source="Medicines and Poisons (Medicines) Regulation 2021 (Qld) s 86",
        is_monitoring_law=True,
    ),
    State.SA: Jurisdiction(
        monitoring="ScriptCheckSA",
        source="Controlled Substances Act 1984 (SA) s 18A",
        is_monitoring_law=True,
        authority="Section 18A authority",
        months_without_authority=2,
    ),
    State.WA: Jurisdiction(
        monitoring="ScriptCheckWA",
        source="Monitored Medicines Prescribing Code (WA), from 12 December 2024",
    ),
    State.TAS: Jurisdiction(
        monitoring="TasScript",
        source="Poisons Act 1971 (Tas) s 59E, from 1 July 2021",
        blocked="Tasmania takes such scripts from its own prescribers only. Refer the patient.",
        authority="Section 59E authorisation",
    ),
    State.ACT: Jurisdiction(
        monitoring="Canberra Script",
        source="Medicines, Poisons and Therapeutic Goods Regulation 2008 (ACT)",
        authority="Chief Health Officer approval",
        blocked_forms=frozenset({DoseForm.DRIED_HERB}),
    ),
    State.NT: Jurisdiction(
        monitoring="NTScript",
        source="NT Health, Schedule 8 prescribing (2020)",
        blocked="The Northern Territory takes such scripts from its own prescribers only. Refer the patient.",
    ),
}
