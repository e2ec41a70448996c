"""Who and what is there before the first day: practice, staff, rosters, catalogue, patients."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from billing.models import Fee, Gst
from catalog import importing, stocking
from catalog.models import Product
from clinic.demo import hours, people, website
from clinic.models import (
    Approval,
    CancellationPolicy,
    NoteTemplate,
    Patient,
    Pharmacy,
    Practice,
    Practitioner,
    User,
)
from config.base import acting_as

if TYPE_CHECKING:
    from clinic.demo.simulating import Progress

CAST = Path("fixtures/demo/cast.json")
TEMPLATES = Path("fixtures/demo/note_templates.json")
INDICATION = "Chronic pain"
"""What every authority of the demo's doctors is for."""
SHEETS = ("botanitech", "medreleaf", "alma", "phytoca", "tasmanian_botanics")


@dataclass
class Cast:
    """Everybody the weeks are about."""

    manager: User
    reception: User
    patients: list[Patient] = field(default_factory=list)
    script: dict[str, Any] = field(default_factory=dict)


def gather(count: int, *, random: Random, progress: Progress) -> Cast:
    """Found the practice and register its people."""
    script = json.loads((settings.BASE_DIR / CAST).read_text())
    _found_practice()
    _list_pharmacies()
    staff = people.enrol_staff()
    manager = staff["manager"]
    _set_fees(manager)
    _set_policy(manager)
    with acting_as(manager):
        hours.offer(manager)
        _stock_catalogue(manager)
        _note_authorities(manager)
        _write_templates(manager)
        website.write(manager)
    cast = Cast(manager=manager, reception=staff["reception"], script=script)
    for number in range(count):
        if number % 20 == 0:
            progress(number, count, "patients register")
        cast.patients.append(_register(number, script=script, random=random))
    return cast


PHARMACIES = [
    ("Wattle Street Pharmacy", "14 Wattle Street", "Newtown", "NSW", "2042", "0255501234"),
    ("Harbour Pharmacy", "2 Quay Road", "Geelong", "VIC", "3220", "0355505678"),
    ("River Pharmacy", "8 Adelaide Street", "Brisbane City", "QLD", "4000", "0755505678"),
    ("Hill Pharmacy", "30 King William Road", "Unley", "SA", "5061", "0855501234"),
    ("Ocean Pharmacy", "5 Market Street", "Fremantle", "WA", "6160", "0855505678"),
    ("Mountain Pharmacy", "17 Liverpool Street", "Hobart", "TAS", "7000", "0355501234"),
    ("Lake Pharmacy", "3 Lonsdale Street", "Braddon", "ACT", "2612", "0255505678"),
    ("Top End Pharmacy", "9 Smith Street", "Darwin City", "NT", "0800", "0855509012"),
]


def _list_pharmacies() -> None:
    for row in PHARMACIES:
        named = zip(("name", "street", "suburb", "state", "postcode", "phone"), row, strict=True)
        Pharmacy.objects.add(by=None, **dict(named))


def _found_practice() -> None:
    Practice.objects.add(
        by=None,
        why="Founded.",
        name="ProMedicine",
        legal_name="ProMedicine Demo Clinic Pty Ltd",
        abn="51824753556",
        street="12 Example Street",
        suburb="Sydney",
        state="NSW",
        postcode="2000",
        phone="02 7010 7520",
        email="hello@demo.promedicine.example",
    )


def _set_fees(manager: User) -> None:
    since = timezone.localdate() - timedelta(days=365)
    for code, description, amount in [
        ("consultation.new", "Consultation, first visit", "80.00"),
        ("consultation.returning", "Consultation, later visit", "50.00"),
    ]:
        Fee.objects.add(
            by=manager,
            why="Fee schedule.",
            code=code,
            description=description,
            amount=Decimal(amount),
            gst_code=Gst.FREE,
            effective_from=since,
        )


def _set_policy(manager: User) -> None:
    CancellationPolicy.objects.create(
        recorded_by=manager, effective_from=timezone.localdate() - timedelta(days=365)
    )


def _stock_catalogue(manager: User) -> None:
    for key in SHEETS:
        path = settings.BASE_DIR / "fixtures/sheets" / f"{key}.xlsx"
        importing.bring_in(key, data=path.read_bytes(), file_name=path.name, by=manager, apply_now=True)
    stocking.load_medicines(settings.BASE_DIR / "fixtures/demo/medicines.json", by=manager)


def _note_authorities(manager: User) -> None:
    """Each doctor is an Authorised Prescriber for every category and form in the catalogue."""
    kinds = (
        Product.objects.visible_to(manager)
        .filter(tga_category__isnull=False)
        .values_list("tga_category", "dose_form")
        .distinct()
        .order_by("tga_category", "dose_form")
    )
    for practitioner in Practitioner.objects.all():
        for category, dose_form in kinds:
            Approval.objects.add(
                by=manager,
                pathway=Approval.Pathway.AP,
                reference=f"AP-DEMO-{category}-{dose_form}".upper()[:60],
                practitioner=practitioner,
                tga_category=category,
                dose_form=dose_form,
                indication=INDICATION,
                from_on=timezone.localdate() - timedelta(days=200),
                until_on=timezone.localdate() + timedelta(days=500),
            )


def _write_templates(manager: User) -> None:
    for words in json.loads((settings.BASE_DIR / TEMPLATES).read_text()):
        NoteTemplate.objects.add(by=manager, why="The practice’s own words.", **words)


def _register(number: int, *, script: dict[str, Any], random: Random) -> Patient:
    """Register one patient with everything a script needs; the first is the one to sign in as."""
    given, family = (
        ("Mia", "Nguyễn")
        if number == 0
        else (random.choice(script["given"]), random.choice(script["family"]))
    )
    email = people.PATIENT if number == 0 else f"patient{number:03}@demo.promedicine.example"
    place = script["places"][0] if number == 0 else random.choice(script["places"])
    patient = people.enrol_patient(email, given_name=given, family_name=family, zone=place["zone"])
    patient.change(
        by=patient.user,
        why="Own details.",
        date_of_birth=date(random.randint(1938, 2005), random.randint(1, 12), random.randint(1, 28)),
        sex=random.choice(Patient.Sex.values[:3]),
        phone=f"0491 570 {random.randint(6, 159):03}",
        street=f"{random.randint(1, 240)} {random.choice(script['streets'])}",
        suburb=place["suburb"],
        state=place["state"],
        postcode=place["postcode"],
        emergency_name=f"{random.choice(script['given'])} {family}",
        emergency_phone="0491 570 110",
        gp_name="",
    )
    return patient
