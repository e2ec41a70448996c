"""Going on although a check does not hold: who, when, which check, why, on which script."""

import pytest

from clinic import prescribing
from clinic.models import Override, Prescription

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubtful(ready, doctor):
    """A draft with a check that needs a reason, and one to be thought about."""
    doctor.change(by=None, state="WA")
    prescribing.send_to(ready, state="WA", indication="Chronic pain", by=doctor.user)
    ready.patient.change(by=None, gp_name="")
    return Prescription.objects.get(pk=ready.pk)


ANSWERS = {"monitoring_is_checked_by_custom": " ScriptCheckWA was down. ", "gp_is_known": "Has none."}


def test_every_answer_is_a_row_of_the_register(doubtful, doctor, code_of):
    prescribing.issue(doubtful, by=doctor.user, code=code_of(doctor.user), reasons=ANSWERS)

    rows = Override.objects.order_by("name")
    assert [(row.name, row.severity, row.reason) for row in rows] == [
        ("gp_is_known", "warn", "Has none."),
        ("monitoring_is_checked_by_custom", "overridable", "ScriptCheckWA was down."),
    ]
    assert {(row.prescription, row.recorded_by) for row in rows} == {(doubtful, doctor.user)}
    assert rows[1].sentence == "Look the patient up in ScriptCheckWA today and record the result."
    assert rows[1].source.startswith("Ahpra")


def test_what_is_only_thought_about_is_no_part_of_the_script(doubtful, doctor, code_of):
    prescribing.issue(doubtful, by=doctor.user, code=code_of(doctor.user), reasons=ANSWERS)

    told = Prescription.objects.get().content["overridden"]
    assert told == {"monitoring_is_checked_by_custom": "ScriptCheckWA was down."}


@pytest.mark.parametrize("missing", ANSWERS)
def test_without_an_answer_nothing_is_issued(doubtful, doctor, code_of, missing):
    with pytest.raises(prescribing.NotAllowed) as refusal:
        prescribing.issue(
            doubtful, by=doctor.user, code=code_of(doctor.user), reasons=ANSWERS | {missing: " "}
        )

    assert [finding.check.name for finding in refusal.value.findings] == [missing]
    assert Override.objects.count() == 0
    assert Prescription.objects.get().status == "draft"


def test_an_answer_to_a_check_that_holds_is_not_kept(ready, doctor, code_of):
    prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user), reasons=ANSWERS)

    assert Override.objects.count() == 0


def test_no_answer_helps_against_what_stops(ready, doctor, code_of):
    ready.patient.change(by=None, identified_at=None, identified_by=None)

    with pytest.raises(prescribing.NotAllowed):
        prescribing.issue(
            ready,
            by=doctor.user,
            code=code_of(doctor.user),
            reasons={"patient_is_identified": "Known."},
        )


@pytest.mark.parametrize(("role", "seen"), [("auditor", 2), ("manager", 0), ("reception", 0), ("patient", 0)])
def test_the_register_is_for_those_who_read_the_record(doubtful, doctor, code_of, make_user, role, seen):
    prescribing.issue(doubtful, by=doctor.user, code=code_of(doctor.user), reasons=ANSWERS)

    assert Override.objects.visible_to(make_user(role, "someone")).count() == seen
    assert Override.objects.visible_to(doctor.user).count() == 2
