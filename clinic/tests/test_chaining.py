"""The chain over the trail: what a seal takes in, what it leaves, and what no one may put in by hand."""

import hashlib
import json
import threading

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from clinic import auditing, chaining, demonstrating
from clinic.models import AuditEvent, AuditLink, AuditSeal
from config import hashing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bare(transactional_db):
    """What the product ships was written down too: here the trail begins with the test."""
    connection.cursor().execute(
        "TRUNCATE clinic_auditevent, clinic_auditlink, clinic_auditseal, clinic_auditanchor"
    )


def note(times=1, **fields):
    return [auditing.note("read", by=None, **fields) for _ in range(times)]


def linked():
    return [*AuditLink.objects.order_by("number").values_list("pk", flat=True)]


@pytest.fixture
def beside():
    """Another connection to the same server: ``beside(dbname)``."""
    opened = []

    def open_one(dbname=None):
        there = connection.get_connection_params()
        there = {name: there[name] for name in ("host", "port", "user", "password") if there.get(name)}
        opened.append(psycopg.connect(**there, dbname=dbname or connection.settings_dict["NAME"]))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


class TestSeal:
    def test_links_what_was_written_once_and_in_order(self):
        events = note(3)

        assert (chaining.seal(), chaining.seal()) == (3, 0)
        assert linked() == [event.pk for event in events]
        seal = AuditSeal.objects.get()
        assert (seal.number, seal.first, seal.last) == (1, 1, 3)

    def test_can_be_computed_by_anybody(self, manager):
        auditing.note("export", by=manager, why='Naïve “quotes” "\\\n\t\x01\x7f 😀', tried="x")
        chaining.seal()

        state = bytes(32)
        for link in AuditLink.objects.order_by("number"):
            content = content_of(link.pk)
            assert hashing.canonical(json.loads(content)) == content.encode()
            state = hashlib.sha256(state + hashlib.sha256(content.encode()).digest()).digest()
            assert bytes(link.hash) == state
        assert AuditSeal.objects.get().head == state.hex()

    def test_goes_on_from_the_seal_before(self):
        note(2)
        chaining.seal()
        note(1)
        chaining.seal()

        assert [*AuditSeal.objects.order_by("number").values_list("first", "last")] == [(1, 2), (3, 3)]

    def test_takes_many_in_several_seals(self, monkeypatch):
        monkeypatch.setattr(chaining, "AT_ONCE", 3)
        note(7)

        assert chaining.seal() == 7
        assert [*AuditSeal.objects.order_by("number").values_list("first", "last")] == [
            (1, 3),
            (4, 6),
            (7, 7),
        ]
        assert demonstrating.verify().faults == []

    def test_leaves_the_rest_to_the_next_minute(self, monkeypatch):
        monkeypatch.setattr(chaining, "AT_ONCE", 2)
        monkeypatch.setattr(chaining, "LONGEST", 0)
        note(5)

        assert [chaining.seal(), chaining.seal(), chaining.seal(), chaining.seal()] == [2, 2, 1, 0]


def content_of(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_audit_content(e) FROM clinic_auditevent e WHERE id = %s", [key])
        return cursor.fetchone()[0]


class TestHorizon:
    def test_waits_for_a_transaction_of_ours_that_still_writes(self, beside):
        slow = beside()
        slow.execute(INSERT)
        after = note()

        assert chaining.seal() == 0
        slow.commit()
        assert chaining.seal() == 2
        assert linked()[1] == after[0].pk  # the older transaction comes first, although it ended later

    def test_is_not_held_up_by_another_database(self, beside):
        elsewhere = beside("postgres")
        elsewhere.execute("SELECT pg_current_xact_id()")
        note()

        assert chaining.seal() == 1

    def test_leaves_what_was_taken_back(self, beside):
        undone = beside()
        undone.execute(INSERT)
        undone.rollback()

        assert chaining.seal() == 0

    def test_code_cannot_choose_the_transaction(self):
        event = AuditEvent.objects.create(action="read", tx=2**40)

        assert AuditEvent.objects.get(pk=event.pk).tx < 2**40

    @pytest.mark.parametrize("moved", ["tx - least(tx - 3, 1000)", "tx + 1000000000"])
    def test_after_a_restore_elsewhere_everything_is_taken_in(self, off_guard, moved):
        note(2)
        chaining.seal()
        late = note(2)
        with off_guard("clinic_auditevent", "clinic_auditseal") as cursor:
            cursor.execute(f"UPDATE clinic_auditevent SET tx = {moved}")
            cursor.execute("UPDATE clinic_auditseal SET server = 'another', horizon = 9000000000")

        assert chaining.seal() == 2
        assert set(linked()[2:]) == {event.pk for event in late}


INSERT = """INSERT INTO clinic_auditevent (id, at, action, record_type, role, why, trace, outcome)
    VALUES (gen_random_uuid(), now(), 'read', '', '', '', '{}', 'done')"""


class TestWritersAtOnce:
    def test_every_event_is_linked_once_whoever_wrote_and_whoever_sealed(self, beside):
        def write(number):
            with beside() as session:
                for turn in range(12):
                    for _ in range(1 + (number + turn) % 3):
                        session.execute(INSERT)
                    session.rollback() if (number * turn) % 5 == 3 else session.commit()

        def seal():
            with beside() as session:
                for _ in range(15):
                    session.execute("SELECT clinic_audit_seal(1000)")
                    session.commit()

        threads = [threading.Thread(target=write, args=[number]) for number in range(4)]
        threads += [threading.Thread(target=seal) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        chaining.seal()

        events = {*AuditEvent.objects.values_list("pk", flat=True)}
        assert {*linked()} == events
        assert len(linked()) == len(events)


class TestKeptByTheDatabase:
    def test_a_link_that_does_not_fit_is_refused(self):
        note()
        chaining.seal()
        (late,) = note()

        with pytest.raises(IntegrityError, match="does not go on"), transaction.atomic():
            AuditLink.objects.create(pk=late.pk, number=2, hash=bytes(32))
        with pytest.raises(IntegrityError, match="does not go on"), transaction.atomic():
            AuditLink.objects.create(pk=late.pk, number=5, hash=bytes(32))

    def test_a_seal_that_does_not_fit_is_refused(self):
        with pytest.raises(IntegrityError, match="does not go on"), transaction.atomic():
            AuditSeal.objects.create(
                number=1, first=1, last=1, head="", horizon=1, server="", mark=chaining.GENESIS
            )

    @pytest.mark.parametrize("table", ["clinic_auditlink", "clinic_auditseal"])
    def test_nothing_is_changed_or_deleted(self, table):
        note()
        chaining.seal()

        for verb in (f"UPDATE {table} SET number = 7", f"DELETE FROM {table}"):
            with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
                connection.cursor().execute(verb)
