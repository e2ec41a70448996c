"""The world that the walk goes through: one patient with something of everything, and everybody around."""

from datetime import time, timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic import attributing, breaking, caring, noting, publishing, requesting, tasks
from clinic.breaking import Whom
from clinic.models import Document, Page, Patient, Practitioner, User
from clinic.tests.walk.addresses import OF
from clinic.tests.walk.planting import plant
from messaging import chatting

OWNERS = {Patient: "patient@example.com", User: "doctor@example.com", Practitioner: "doctor@example.com"}
GIVEN: dict[str, dict] = {
    "billing.balancetransaction": {"amount": 1, "fee": 0, "net": 1},
    "billing.receipt": {"content": {"medicare": None}},
    "clinic.exemption": {"page": "clinic.page"},
    "clinic.media": {"sizes": [{"width": 1, "height": 1, "file": "x.jpg", "sha256": ""}]},
    "clinic.menuitem": {"link": "/"},
    "clinic.pharmacy": {"postcode": "3220"},
    "clinic.roster": {"ends": time(10)},
    "clinic.rosterexception": {"kind": "holiday", "time_zone": ""},
    "clinic.recordcopy": {"expires_at": timezone.now() + timedelta(days=1)},
    "django_q.failure": {"id": "y"},
}
"""What some tables ask for besides; the label of a model stands for its row."""


@pytest.fixture
def people(issued, doctor, patient, make_user, make_doctor, make_patient):
    """Who walks, by the letter that stands for them in ``tables``."""
    return {
        "o": patient.user,
        "p": make_patient("another").user,
        "d": doctor.user,
        "x": make_doctor("outside").user,
        "b": make_doctor("breaking").user,
        "r": make_user("reception", "desk"),
        "m": make_user("manager", "boss"),
        "g": make_user("manager", "glass"),
        "a": make_user("auditor", "audit"),
        "u": make_user("manager", "unverified"),
    }


@pytest.fixture
def world(people, issued, doctor, patient, files) -> dict:
    """The rows, by the label of their model: those of the patient where there are some."""
    caring.raise_alert(patient, text="Interpreter.", by=doctor.user)
    noting.sign(issued.encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")
    chatting.post(issued.encounter.appointment.room, by=patient.user, text="Hello")
    requesting.ask(patient, kind="correction", is_clinical=True, text="I never smoked.", by=patient.user)
    tasks.render_prescription(str(issued.pk))
    for letter in "bg":
        breaking.break_glass(Whom(key=patient.pk), why="The hospital rang about her.", by=people[letter])
    for slug, is_for in [("fees", "public"), ("rights", "portal")]:
        page = Page(title=slug.capitalize(), slug=slug, is_for=is_for)
        publishing.begin(page, by=people["m"])
        publishing.publish(page, by=people["m"])
    return gather(patient)


def gather(patient: Patient) -> dict:
    rows = {"payer": patient.user}
    for model in apps.get_models():
        if model._meta.app_label not in {"clinic", "billing", "catalog", "messaging", "django_q"}:
            continue
        if found := _one(model, patient):
            rows[model._meta.label_lower] = found
    asked = [
        *(model._meta.label_lower for model in admin.site._registry),
        *sorted({*OF.values()} - {"payer"}),
        "clinic.incidentnotice",
    ]
    for label in asked:
        if label not in rows:
            _plant(label, rows)
    return rows


def _plant(label: str, rows: dict) -> None:
    model = apps.get_model(label)
    for field in model._meta.concrete_fields:
        if field.remote_field and not field.null and field.related_model._meta.label_lower not in rows:
            _plant(field.related_model._meta.label_lower, rows)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
        asked = GIVEN.get(label, {})
        given = {name: rows.get(one, one) if isinstance(one, str) else one for name, one in asked.items()}
        rows[label] = plant(model, rows, **given)
        cursor.execute(f'ALTER TABLE "{model._meta.db_table}" ENABLE TRIGGER USER')


def _one(model, patient):
    if model.__name__.startswith("Historical"):
        return None
    if model in OWNERS:
        path = "email" if model is User else "user__email"
        return model.objects.get(**{path: OWNERS[model]})
    found = [*model._default_manager.order_by("pk")[:20]]
    if model is Document:  # what is to be signed in ink is for its prescriber alone
        found = [row for row in found if row.kind == Document.Kind.PATIENT_COPY]
    own = [row for row in found if getattr(row, "PATIENT", "") and attributing.patient_of(row) == patient.pk]
    return (own or found or [None])[0]


@pytest.fixture
def walker(people, staff_client, settings):
    """Open a browser for whom a letter stands, to which pages are sent blank."""
    engine = dict(settings.TEMPLATES[0], APP_DIRS=False)
    engine["OPTIONS"] = dict(engine["OPTIONS"], loaders=["clinic.tests.walk.walking.Blank"])
    settings.TEMPLATES = [engine]

    def sign_in(letter: str) -> Client:
        if letter in people and people[letter].is_staff and letter != "u":
            return staff_client(people[letter])
        browser = Client()
        if letter in people:
            browser.force_login(people[letter])
        return browser

    def open_one(letter: str) -> Client:
        browser = sign_in(letter)
        # Rows that were planted lack what rules would have put in them: a page past the door may fail of it.
        browser.raise_request_exception = False
        return browser

    return open_one
