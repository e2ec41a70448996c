"""The record as it stood at a moment, against what stood there at that moment."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clinic import recalling
from clinic.models import Patient
from config.base import Fact, Kept, uuid7
from messaging import chatting

pytestmark = pytest.mark.django_db
EDITS = 8
VALUES = (
    (models.UUIDField, lambda number: uuid7()),
    (models.BooleanField, lambda number: number % 2 == 0),
    (models.DecimalField, lambda number: Decimal(number % 100) / 10),
    (models.IntegerField, lambda number: number + 1),
    (models.DateTimeField, lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)),
    (models.DateField, lambda number: date(2026, 1, 1) + timedelta(days=number % 300)),
    (models.TimeField, lambda number: time(number % 24)),
    (models.JSONField, lambda number: {"said": number}),
    (ArrayField, lambda number: []),
    (models.BinaryField, lambda number: b"x"),
)
DROPS = (
    """
    SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger
    WHERE NOT tgisinternal AND tgname NOT LIKE '%audit'
      AND tgrelid::regclass::text ~ '^(clinic|messaging|billing|catalog)_'
    """,
    """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype IN ('c', 'u', 'x') AND conrelid::regclass::text ~ '^(clinic|messaging|billing|catalog)_'
    """,
    """
    SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index
    WHERE indisunique AND NOT indisprimary
      AND indrelid::regclass::text ~ '^(clinic|messaging|billing|catalog)_'
    """,
)


def today(patient: Patient) -> recalling.Record:
    """What stands in the tables themselves, of ``patient``."""
    found: recalling.Record = {}
    person = {"patient": patient.pk, "person": patient.user_id}
    for kind in recalling.kinds():
        table = kind.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT w.id, to_jsonb(w) FROM {table} w"  # noqa: S608  our own names
                f" WHERE {recalling._scope(kind.model)} ORDER BY w.id",
                person,
            )
            rows = cursor.fetchall()
        found[kind.label] = {
            key: {name: json.loads(told).get(name) for name in kind.columns} for key, told in rows
        }
    return found


class Maker:
    """Makes and changes rows of every kind, by their columns alone."""

    def __init__(self, patient, random):
        self.patient, self.random, self.made = (
            patient,
            random,
            {Patient: [patient], type(patient.user): [patient.user]},
        )

    def value(self, field):
        if isinstance(field, models.ForeignKey):
            return self.related(field)
        if field.choices:
            return self.random.choice([value for value, _ in field.flatchoices])
        number = self.random.randrange(30_000)
        made = next((make for kind, make in VALUES if isinstance(field, kind)), None)
        return made(number) if made else f"{number}é"[: field.max_length or 9]

    def related(self, field):
        model = field.related_model
        if not self.made.get(model):
            self.make(model)
        return self.random.choice(self.made[model])

    def make(self, model):
        if model in {Patient, type(self.patient.user)}:  # there is one of each
            return self.made[model][0]
        path = getattr(model, "PATIENT", "")
        given = {"patient_id": self.patient.pk} if path == "patient_id" else {}
        given |= {"patient_key": self.patient.pk} if path == "patient_key" else {}
        for field in model._meta.local_concrete_fields:
            is_ours = (
                field.primary_key or field.name in {"recorded_at", "created_at", "trace"} or field.generated
            )
            if is_ours or field.attname in given or (field.null and not isinstance(field, models.ForeignKey)):
                continue
            if isinstance(field, models.ForeignKey) and field.related_model is type(self.patient.user):
                given[field.attname] = self.patient.user_id
            elif field.null and self.random.random() < 0.5:
                continue
            elif isinstance(field, models.ForeignKey):
                given[field.attname] = self.value(field).pk
            elif not isinstance(field, models.ForeignObject):
                given[field.attname] = self.value(field)
        row = (
            model.objects.create(**given) if issubclass(model, Fact) else model.objects.add(by=None, **given)
        )
        self.made.setdefault(model, []).append(row)
        return row

    def edit(self, row) -> None:
        tracked = type(row).history.model.tracked_fields
        plain = [
            field
            for field in tracked
            if not field.is_relation and not field.primary_key and field.name != "created_at"
        ]
        field = self.random.choice(plain)
        row.change(by=None, **{field.name: self.value(field)})


def without_rules() -> None:
    """Let every column say anything: what is recalled does not hang on what was allowed."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for finding in DROPS:
            cursor.execute(finding)
            for (statement,) in cursor.fetchall():
                cursor.execute(statement)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.shrink},
)
@given(random=st.randoms(use_true_random=False))
def live(patient, random):
    """One life of a record: rows of many kinds are made and changed; what stands is taken down each time."""
    kinds = random.sample(recalling.kinds(), 6)
    with transaction.atomic():
        # Read anew: a version says what its object says, and the life before this one was taken back.
        maker, taken = Maker(Patient.objects.get(pk=patient.pk), random), []
        for _ in range(EDITS):
            kind = random.choice(kinds)
            row = random.choice(maker.made.get(kind.model) or [maker.make(kind.model)])
            if issubclass(kind.model, Kept) and random.random() < 0.7:
                maker.edit(row)
            else:
                maker.make(kind.model)
            taken.append((timezone.now(), today(patient)))
        for at, stood in taken:
            assert recalling.record(patient, at) == stood
        for (before, one), (after, other) in pairwise(taken):
            changes = recalling.compare(recalling.record(patient, before), recalling.record(patient, after))
            assert {(change.label, change.key) for change in changes} == different(one, other)
        transaction.set_rollback(True)


def different(one, other):
    keys = {(label, key) for record in (one, other) for label, rows in record.items() for key in rows}
    return {(label, key) for label, key in keys if one[label].get(key) != other[label].get(key)}


def test_what_stood_is_recalled_whatever_was_done(patient):
    without_rules()
    live(patient)


def test_every_kind_of_record_is_recalled(patient):
    without_rules()
    maker = Maker(patient, Random(1))  # noqa: S311  no secret
    for kind in recalling.kinds():
        maker.make(kind.model)

    found = recalling.record(patient, timezone.now())

    assert [label for label, rows in found.items() if not rows] == []
    assert found == today(patient)


def test_a_whole_visit_is_recalled_as_it_stood(patient, issued, confirmed):
    chatting.post(confirmed.room, by=patient.user, text="Thank you")

    assert recalling.record(patient, timezone.now()) == today(patient)
