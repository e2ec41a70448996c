"""How much the consultation page asks of the database, however long the patient's history is."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import answering, booking, caring, consulting, noting, prescribing
from clinic.models import Document, Questionnaire
from messaging import chatting

pytestmark = pytest.mark.django_db
STATEMENTS = 12
"""Of one GET, everything counted: practice, session, person, second factor, audit, sidebar, idle time.
Only where a transaction begins and ends is no statement of its own."""
BOUNDARIES = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@pytest.fixture
def statements(staff_client, doctor):
    """Open a page as the doctor does after a while, with nothing kept in the cache; what was asked."""
    browser = staff_client(doctor.user)

    def count(encounter) -> list[str]:
        address = reverse("admin:clinic_encounter_change", args=[encounter.pk])
        session = browser.session
        session.pop("seen_at", None)
        session.save()
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200
        return [q["sql"] for q in asked.captured_queries if not q["sql"].startswith(BOUNDARIES)]

    return count


@pytest.fixture
def live_through(doctor, patient, make_slot, settle, make_product, code_of):
    """Let the patient have one more visit, with a note and its addendum, talk, scripts and papers."""

    def visit(number: int) -> None:
        by = doctor.user
        taken = settle(booking.hold(make_slot(hours=100 + number), patient=patient, by=patient.user))
        answering.save(
            taken, questionnaire=Questionnaire.objects.get(), answers={"reason": "Sleep."}, by=patient.user
        )
        encounter = consulting.open(taken, by=by)
        consulting.start_segment(encounter, modality="video", by=by)
        chatting.post(taken.room, text=f"Hello {number}.", by=patient.user)
        caring.add_condition(patient, name=f"Condition {number}", by=by)
        caring.end(caring.add_allergy(patient, substance=f"Substance {number}", by=by), why="No.", by=by)
        caring.answer(patient, kind="share_gp", answer="given", by=by)
        consulting.confirm_location(encounter, state="VIC", by=by)
        noting.sign(encounter.note, by=by, assessment="Insomnia.", plan="Diary.")
        noting.add(encounter.note, text="More.", reason="Forgotten.", by=by)

    return visit


def test_opens_in_twelve_statements(statements, encounter):
    assert len(statements(encounter)) <= STATEMENTS


def test_a_long_history_and_drafts_ask_no_more_than_a_short_one(
    statements, ready, doctor, patient, issued_before, live_through, make_product
):
    live_through(0)
    short = statements(ready.encounter)
    for number in range(1, 5):
        live_through(number)
        prescribing.write(
            ready.encounter,
            product=make_product(f"Oil {number}"),
            quantity=1,
            directions="1 mL.",
            by=doctor.user,
        )

    long = statements(ready.encounter)

    assert len(long) == len(short), "\n".join(sql[:90] for sql in long)
    assert len(long) <= STATEMENTS, "\n".join(sql[:90] for sql in long)


@pytest.fixture
def issued_before(issued, doctor, make_product, patient):
    """An issued script with its papers, and another draft for the same visit."""
    Document.objects.create(
        patient=patient, prescription=issued, kind="patient_copy", file="x.pdf", sha256="0" * 64
    )
    return prescribing.write(
        issued.encounter, product=make_product("Day Oil"), quantity=1, directions="1 mL.", by=doctor.user
    )
