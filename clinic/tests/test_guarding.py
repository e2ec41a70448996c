"""The database's own guards, asked by every way around the rules."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from catalog.models import Price, Product
from clinic import consenting, guarding
from clinic.models import AppointmentType, AuditEvent, Consent, Patient, Practice, User
from config import tracing

pytestmark = pytest.mark.django_db


@pytest.fixture
def someone(make_user):
    return Patient.objects.add(user=make_user("patient"), by=None)


@pytest.fixture
def consent(someone):
    return consenting.answer(someone, kind="privacy", answer="given", by=None)


def refused(sql: str, *values) -> str:
    """Run ``sql`` past every model; what the database answers."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


class TestAudit:
    def test_every_saved_version_is_in_the_trail(self, someone, manager):
        someone.change(by=manager, why="She married.", suburb="Hobart")

        event = AuditEvent.objects.get(record_id=someone.pk, action="update")
        version = someone.history.first()
        assert (event.by, event.role, event.why) == (manager, "manager", "She married.")
        assert (event.record_type, event.patient_id) == ("clinic.patient", someone.pk)
        assert (event.history_id, event.at) == (version.history_id, version.history_date)

    def test_set_based_work_is_in_the_trail(self, manager):
        types = bulk_create_with_history(
            [AppointmentType(name=name, minutes=15) for name in ("Short", "Shorter")],
            AppointmentType,
            default_user=manager,
        )
        for one in types:
            one.minutes = 20
        bulk_update_with_history(types, AppointmentType, ["minutes"], default_user=manager)

        events = AuditEvent.objects.filter(record_type="clinic.appointmenttype", by=manager)
        assert sorted(events.values_list("action", flat=True)) == ["setting_change"] * 4

    def test_every_one_of_many_facts_is_in_the_trail(self, manager):
        medicine = Product.objects.add(by=None, kind=Product.Kind.CONVENTIONAL, name="Amoxicillin")
        prices = [Price(product=medicine, kind=kind, amount=9, recorded_by=manager) for kind in Price.Kind]
        Price.objects.bulk_create(prices)

        events = AuditEvent.objects.filter(record_type="catalog.price").order_by("record_id")
        told = events.values_list("record_id", "by", "role", "at", "action", "patient_id")
        assert [*told] == [
            (price.pk, manager.pk, "manager", price.recorded_at, "create", None) for price in prices
        ]

    def test_a_fact_is_in_the_trail_with_its_patient(self, consent):
        event = AuditEvent.objects.get(record_id=consent.pk)

        assert (event.action, event.record_type, event.patient_id) == (
            "create",
            "clinic.consent",
            consent.patient_id,
        )

    def test_says_where_a_change_came_from(self, someone):
        seen = {}

        def view(request):
            someone.change(by=None, suburb="Perth")
            seen.update(tracing.current())

        request = type(
            "Request", (), {"COOKIES": {"sessionid": "secret"}, "META": {"REMOTE_ADDR": "10.1.2.3"}}
        )()
        request.headers = {"User-Agent": "A phone"}
        tracing.TraceMiddleware(view)(request)

        event = AuditEvent.objects.get(record_id=someone.pk, action="update")
        assert (event.trace["address"], event.trace["device"]) == ("10.1.2.3", "A phone")
        assert event.trace == seen
        assert "secret" not in str(event.trace)


class TestKeepsAsWritten:
    @pytest.mark.parametrize(
        "verb", ["UPDATE clinic_auditevent SET why = 'x'", "DELETE FROM clinic_auditevent"]
    )
    def test_the_trail(self, someone, verb):
        assert "is kept as it was written" in refused(verb)

    @pytest.mark.parametrize(
        "verb", ["UPDATE clinic_historicalpatient SET suburb = 'x'", "DELETE FROM clinic_historicalpatient"]
    )
    def test_versions(self, someone, verb):
        assert "is kept as it was written" in refused(verb)

    @pytest.mark.parametrize(
        "verb", ["UPDATE clinic_consent SET version = '2'", "DELETE FROM clinic_consent"]
    )
    def test_facts(self, consent, verb):
        assert "is kept as it was written" in refused(verb)

    def test_records_from_being_deleted(self, someone):
        with pytest.raises(IntegrityError, match="a delete is refused"), transaction.atomic():
            Patient.objects.all().delete()

    def test_a_queryset_update_of_a_fact(self, consent):
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            Consent.objects.update(version="2")

    @pytest.mark.parametrize(
        "table",
        ["clinic_auditevent", "clinic_historicalpatient", "clinic_consent", "clinic_addendum", "billing_fee"],
    )
    def test_from_truncate_outside_tests(self, settings, table):
        settings.REFUSE_TRUNCATE = True
        guarding.install()

        assert f"{table} is kept as it was written: a truncate is refused" in refused(f"TRUNCATE {table}")


class TestInstall:
    def test_covers_every_table_of_versions_and_facts(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid"
                " WHERE t.tgname = c.relname || '_audit'"
            )
            guarded = {name for (name,) in cursor.fetchall()}

        with_versions = {t for t in connection.introspection.table_names() if "_historical" in t}
        assert with_versions - guarded == set()
        assert User.history.model._meta.db_table in guarded

    def test_doing_it_again_changes_nothing(self):
        def triggers():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
                )
                return sorted(cursor.fetchall())

        before = triggers()
        guarding.install()

        assert triggers() == before


def test_there_is_one_practice():
    Practice.objects.add(by=None, name="First")

    with pytest.raises(IntegrityError, match="clinic_practice_once"), transaction.atomic():
        Practice.objects.add(by=None, name="Second")


def test_the_databases_own_keys_are_uuid7():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_uuid7(), clinic_uuid7()")
        first, second = cursor.fetchone()

    assert (first.version, second.version, first.variant) == (7, 7, uuid.RFC_4122)
    assert first != second
