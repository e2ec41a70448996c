"""A patient's care at a glance: what stands on record, what was denied, agreed to and sighted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from clinic import consenting, identifiers, requesting, spelling
from clinic.models import (
    Alert,
    Allergy,
    Condition,
    Consent,
    ConsentText,
    IdentityCheck,
    NoneKnown,
    OtherMedicine,
)
from clinic.models.consents import ConsentKind, fingerprint
from config import together

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from clinic.models import Patient, User

ASKED = (*consenting.CLASSES.values(), Consent.Kind.SHARE_GP)
"""What a doctor asks for during a consultation; the other texts are agreed to before booking."""


class Kind(NamedTuple):
    """One kind of what is known: those that stand, and who said that there are none."""

    name: str
    standing: list[Any]
    none: NoneKnown | None


class Agreement(NamedTuple):
    """What the patient last said to one kind of text, and the words in force."""

    kind: ConsentKind
    consent: Consent | None
    text: str

    @property
    def holds(self) -> bool:
        """Whether it is a yes to the words in force."""
        return consenting.holds(self.consent, words_sha256=fingerprint(self.text))

    @property
    def short(self) -> str:
        """``Schedule 8, inhaled``: the class alone, under a heading that says the rest."""
        return self.kind.label.rpartition(" of ")[2]

    @property
    def in_short(self) -> str:
        """``given``, ``ask again``, ``not asked yet``: seen without opening it."""
        if self.holds or self.consent is None:
            return "given" if self.holds else "not asked yet"
        return "ask again" if self.is_given else self.consent.get_answer_display().lower()

    @property
    def is_given(self) -> bool:
        return self.consent is not None and self.consent.answer == Consent.Answer.GIVEN


def rows(patient: Patient, *, by: User) -> dict[str, QuerySet]:
    """What the panel shows of ``patient``, as far as ``by`` may see it, not read yet."""
    facts = {"allergies": Allergy, "conditions": Condition, "medicines": OtherMedicine, "alerts": Alert}
    found: dict[str, Any] = {
        name: model.objects.visible_to(by).filter(patient=patient).select_related("ended_by")
        for name, model in facts.items()
    }
    denied = NoneKnown.objects.visible_to(by).filter(patient=patient).select_related("recorded_by")
    checks = IdentityCheck.objects.visible_to(by).filter(patient=patient).select_related("recorded_by")
    return found | {
        "denied": denied.order_by("kind", "-recorded_at").distinct("kind"),
        "identity_checks": checks[:1],
        "consents": Consent.objects.visible_to(by).filter(patient=patient).newest(),
        "texts": ConsentText.objects.visible_to(by).filter(kind__in=ASKED).in_force(),
        "statements": requesting.attached_to(patient, by=by),
    }


def told(patient: Patient, read: Mapping[str, Any]) -> dict[str, Any]:
    """What a template shows of ``rows``."""
    consents = {consent.kind: consent for consent in read["consents"]}
    texts = {text.kind: text for text in read["texts"]}
    agreements = [Agreement(kind, consents.get(kind), consenting.read_out(texts[kind])) for kind in ASKED]
    kinds = ("allergies", "conditions", "medicines", "alerts")
    return {
        **{name: _kind(name, read) for name in kinds},
        "statements": list(read["statements"]),
        "ended": [fact for name in kinds for fact in read[name] if fact.ended_at],
        "identity_check": next(iter(read["identity_checks"]), None),
        "classes": [agreement for agreement in agreements if agreement.kind in consenting.CLASSES.values()],
        "agreements": [
            agreement for agreement in agreements if agreement.kind not in consenting.CLASSES.values()
        ],
        "other_consents": [consent for kind, consent in consents.items() if kind not in ASKED],
        "medicare": identifiers.MEDICARE.mask(patient.medicare_number),
        "card_end": spelling.card_end(patient.medicare_until_on) if patient.medicare_until_on else "",
        "ihi": identifiers.IHI.mask(patient.ihi),
    }


def _kind(name: str, read: Mapping[str, Any]) -> Kind:
    facts = list(read[name])
    said = next((denial for denial in read["denied"] if denial.kind == name), None)
    # Whatever was written down after it, a mistake too, asks for the question again.
    holds = said and all(fact.created_at < said.recorded_at for fact in facts)
    return Kind(name, [fact for fact in facts if fact.ended_at is None], said if holds else None)


def panel(patient: Patient, *, by: User) -> dict[str, Any]:
    """Read the panel of one patient, in one statement."""
    read = rows(patient, by=by)
    together.read(read.values())
    return told(patient, read)


def flags(patients: Collection[Patient], *, by: User) -> dict[UUID, list[str]]:
    """What a doctor should know of each of ``patients`` before they meet, in one statement."""
    standing: list[Any] = [
        Alert.objects.visible_to(by).standing(),
        Allergy.objects.visible_to(by).standing().filter(severity=Allergy.Severity.SEVERE),
        Condition.objects.visible_to(by).standing().exclude(risk=""),
        OtherMedicine.objects.visible_to(by).standing().exclude(risk=""),
    ]
    asked = [rows.filter(patient__in=[patient.pk for patient in patients]) for rows in standing]
    together.read(asked)
    found: dict[UUID, list[str]] = {patient.pk: [] for patient in patients}
    for fact in (fact for rows in asked for fact in rows):
        found[fact.patient_id].append(_flag(fact))
    for patient in patients:
        if patient.identified_at is None:
            found[patient.pk].append("Identity not checked")
    return found


def _flag(fact: Any) -> str:
    if isinstance(fact, Allergy):
        return f"Severe allergy: {fact}"
    return fact.get_risk_display() if hasattr(fact, "risk") else str(fact)
