"""What the application's own role may do in the database, whatever SQL is spoken in its name."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from clinic import granting
from clinic.models import AuditEvent, Document
from config.base import Fact, Kept

pytestmark = pytest.mark.django_db
OURS = [
    model
    for label in ("clinic", "catalog", "billing", "messaging")
    for model in apps.get_app_config(label).get_models()
]
KEPT = [model for model in OURS if issubclass(model, Kept)]
FACTS = [model for model in OURS if issubclass(model, Fact)]
CHANGES = (
    "DELETE FROM {}", "TRUNCATE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER USER", "DROP TABLE {} CASCADE",
)  # fmt: skip
VERSIONS = [model.history.model for model in KEPT]


@pytest.fixture
def as_application(db):
    """Say SQL as web and worker do."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(settings.DATABASE_APP_ROLE)}")
        yield cursor
        cursor.execute("RESET ROLE")


def refused(cursor, statement: str) -> str:
    with pytest.raises(DatabaseError) as no, transaction.atomic():
        cursor.execute(statement)
    return str(no.value)


def test_it_owns_nothing(as_application):
    as_application.execute(
        "SELECT relname FROM pg_class WHERE relowner = %s::regrole AND relnamespace = 'public'::regnamespace",
        [settings.DATABASE_APP_ROLE],
    )
    assert as_application.fetchall() == []
    as_application.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert as_application.fetchone() == (False, False, False)


@pytest.mark.parametrize(
    "model", [*FACTS, *VERSIONS, AuditEvent, apps.get_model("clinic.auditlink")], ids=lambda m: m._meta.label
)
def test_what_is_written_once_is_refused_to_be_changed_emptied_or_laid_open(as_application, model):
    table, column = f'"{model._meta.db_table}"', model._meta.pk.column
    for change in CHANGES:
        said = refused(as_application, change.format(table))
        assert "permission denied" in said or "must be owner" in said, change
    others = [field.column for field in model._meta.local_concrete_fields if field.column != column]
    assert "permission denied" in refused(as_application, f'UPDATE {table} SET "{others[0]}" = NULL')  # noqa: S608  our own names


@pytest.mark.parametrize("model", KEPT, ids=lambda m: m._meta.label)
def test_what_is_kept_is_refused_to_be_deleted(as_application, model):
    assert "permission denied" in refused(as_application, f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608


def test_the_chain_is_read_and_sealed_and_not_written(as_application, manager):
    assert "permission denied" in refused(
        as_application, "INSERT INTO clinic_auditlink VALUES (gen_random_uuid(), 1, '')"
    )
    assert "permission denied" in refused(as_application, "DELETE FROM clinic_auditseal")
    as_application.execute("SELECT clinic_audit_seal(10)")
    assert as_application.fetchone()[0] >= 0


def test_no_trigger_is_switched_off_by_a_setting(as_application):
    assert "permission denied" in refused(as_application, "SET session_replication_role = replica")


def test_its_work_is_done(as_application, patient, manager):
    patient.change(by=manager, suburb="Hobart")

    assert patient.history.count() == 2
    assert AuditEvent.objects.filter(record_id=patient.pk, action="update").count() == 1


def test_a_paper_is_locked_and_stays_as_it_is(as_application, issued):
    paper = Document.objects.create(
        patient=issued.patient, prescription=issued, kind="patient_copy", file="x", sha256="0" * 64
    )

    assert Document.objects.select_for_update().get(pk=paper.pk) == paper
    assert "permission denied" in refused(as_application, "UPDATE clinic_document SET sha256 = ''")


def test_laying_it_on_again_changes_nothing(db):
    def granted():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, relacl::text FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
            )
            return cursor.fetchall()

    before = granted()
    granting.install()
    assert granted() == before
