"""Papers that were made stay as they were made, whoever tries what."""

import datetime

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django_q.models import OrmQ

from clinic import prescribing, tasks
from clinic.models import Document
from config.base import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def papers(issued) -> list[dict]:
    """What stands in the database about the two papers of an issued script."""
    tasks.render_prescription(str(issued.pk))
    return [*Document.objects.order_by("pk").values()]


class TestMissing:
    @pytest.mark.parametrize(("minutes", "count"), [(44, 0), (46, 2)])
    def test_are_made_once_the_first_attempts_are_over(self, issued, minutes, count):
        OrmQ.objects.all().delete()  # the attempts were all in vain
        for _ in range(2):
            with time_machine.travel(issued.issued_at + datetime.timedelta(minutes=minutes), tick=False):
                tasks.render_missing()
            work_off()

        assert issued.documents.count() == count

    def test_are_asked_for_only_while_something_is_missing(self, issued, papers, queued_tasks):
        OrmQ.objects.all().delete()
        with time_machine.travel(issued.issued_at + datetime.timedelta(hours=1), tick=False):
            tasks.render_missing()

        assert queued_tasks() == []

    def test_are_not_made_of_what_is_void(self, issued, doctor, queued_tasks):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")
        OrmQ.objects.all().delete()
        with time_machine.travel(issued.issued_at + datetime.timedelta(hours=1), tick=False):
            tasks.render_missing()

        assert queued_tasks() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE clinic_document SET sha256 = 'x'",
        "UPDATE clinic_document SET file = 'documents/another.pdf'",
        "UPDATE clinic_document SET prescription_id = NULL",
        "UPDATE clinic_document SET secret = ''",
        "DELETE FROM clinic_document",
        "DELETE FROM clinic_prescription",
    ],
)
def test_by_sql(papers, sql):
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        connection.cursor().execute(sql)

    assert [*Document.objects.order_by("pk").values()] == papers


def test_by_the_models(papers):
    document = Document.objects.first()
    document.sha256 = "x"
    for way in (
        document.save,
        document.delete,
        lambda: Document.objects.update(file="documents/another.pdf"),
        lambda: Document.objects.bulk_update([document], ["sha256"]),
        Document.objects.all().delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            way()

    assert [*Document.objects.order_by("pk").values()] == papers


def test_by_the_staff_site(papers, staff_client, doctor, auditor, issued):
    for who in (doctor.user, auditor):
        client = staff_client(who)
        for model, key in (("document", papers[0]["id"]), ("prescription", issued.pk)):
            addresses = [reverse(f"admin:clinic_{model}_{name}", args=[key]) for name in ("change", "delete")]
            sent = {"sha256": "x", "content": "{}", "dispense_state": "QLD", "post": "yes"}
            assert [client.post(address, sent).status_code for address in addresses] == [403, 403]

    assert [*Document.objects.order_by("pk").values()] == papers
    assert type(issued).objects.get().content == issued.content


def test_one_paper_of_each_kind_and_never_of_two_things(papers, issued):
    first = Document.objects.first()
    for changes in ({}, {"prescription": None}):
        again = {
            "patient": first.patient,
            "prescription": issued,
            "kind": first.kind,
            "file": "x",
            "sha256": "x",
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.create(**again | changes)
