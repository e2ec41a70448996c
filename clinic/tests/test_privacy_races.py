"""Two at once: a hold and an approval, two copies asked for, an account closed twice."""

import threading
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection

from clinic import leaving, opting, requesting, retaining
from clinic.models import Closure, Consent, Destruction, LegalHold, Patient, PrivacyRequest
from config.base import Refused

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works) -> list[str]:
    """Do all of ``works`` at the same moment, each on a connection of its own; what was refused."""
    ready, refused = threading.Barrier(len(works)), []

    def run(work) -> None:
        try:
            ready.wait(10)
            work()
        except Refused as no:
            refused.append(str(no))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refused


@pytest.mark.parametrize("attempt", range(5))
def test_nothing_under_a_hold_is_on_the_worksheet(make_patient, manager, make_user, attempt):
    second = make_user("manager", "second")
    with time_machine.travel("2035-06-01T02:00Z", tick=False):
        patient = make_patient(
            "old", date_of_birth=date(1980, 1, 1), created_at=datetime(2020, 1, 1, tzinfo=UTC)
        )
        retaining.propose([patient.pk], by=manager)
        line = Destruction.objects.get()

        at_once(
            lambda: retaining.approve(Destruction.objects.get(pk=line.pk), by=second),
            lambda: retaining.hold(Patient.objects.get(pk=patient.pk), reason="A court.", by=manager),
        )

    line.refresh_from_db()
    assert LegalHold.objects.live().count() == 1
    assert line.status == "dropped"
    assert not Destruction.objects.on_worksheet().exists()


def test_one_copy_is_asked_for(patient):
    def ask() -> None:
        requesting.ask(Patient.objects.get(pk=patient.pk), kind="access", by=patient.user)

    assert len(at_once(ask, ask, ask)) == 2
    assert PrivacyRequest.objects.count() == 1


def test_one_answer_to_offers_is_kept(patient):
    def say() -> None:
        opting.choose(Patient.objects.get(pk=patient.pk), wanted=True, by=patient.user)

    at_once(say, say, say)

    assert Consent.objects.filter(kind="marketing").count() == 1


def test_an_account_is_closed_once(patient):
    def close() -> None:
        leaving.close(Patient.objects.get(pk=patient.pk), cancels=False, by=patient.user)

    at_once(close, close)

    assert Closure.objects.count() == 1
