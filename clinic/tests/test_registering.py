"""The registers of scripts, and prescribing in figures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic import dispatching, prescribing, registering, tasks, watching
from clinic.models import Override, Segment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def days():
    today = timezone.localdate()
    return {"first": today - timedelta(days=1), "last": today + timedelta(days=1)}


@pytest.fixture
def overridden(issued, doctor) -> Override:
    """The script was issued although a check did not hold."""
    return Override.objects.create(
        prescription=issued, name="no_other_script_runs", severity="warn", source="Practice",
        sentence="Another script runs.", reason="=Lost in the post.", recorded_by=doctor.user,
    )  # fmt: skip


def entry(register, number: int = 0) -> dict:
    return dict(zip(register.headings, register.rows[number], strict=True))


class TestScheduleEight:
    def test_tells_every_field(self, issued, doctor, auditor, pharmacy, reception, days):
        tasks.render_prescription(str(issued.pk))
        dispatching.sign(issued.original, by=doctor.user)
        dispatching.send(issued.original, pharmacy=pharmacy, way="post", by=reception)

        told = entry(registering.schedule_8(auditor, **days))

        sent, looked, signed = told.pop("Sent"), told.pop("Looked at"), told.pop("Signed in ink")
        on = timezone.localdate().strftime("%d/%m/%Y")
        assert (sent.startswith("By post, "), looked[:10], signed[:10]) == (True, on, on)
        assert told == {
            "Number": issued.number,
            "Date": on,
            "Patient": "Patient Example",
            "Date of birth": "10/05/1980",
            "Address": "1 Example Road, Geelong VIC 3220",
            "Prescriber": "Dr Doctor Example",
            "Ahpra number": doctor.ahpra_number,
            "Medicine": "Night Oil",
            "Active": "delta-9-tetrahydrocannabinol (THC), cannabidiol (CBD)",
            "Strength": issued.content["lines"][0]["strength"],
            "Dose form": "Oral liquid",
            "Quantity": "2 (two) packs of 30 mL, in all 60 (sixty) millilitres",
            "Directions": "Take 1 mL by mouth twice a day.",
            "Repeats": 2,
            "Days between": 28,
            "Dispensed in": "VIC",
            "State authority": "",
            "TGA reference": "SAS Category B MC26/104233",
            "Monitoring": "SafeScript: no alert",
            "Pharmacy": str(pharmacy),
            "Valid until": issued.valid_until_on.strftime("%d/%m/%Y"),
            "Status": "Issued",
            "Why void": "",
        }

    def test_keeps_what_is_void_with_the_reason(self, issued, doctor, days):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        told = entry(registering.schedule_8(doctor.user, **days))
        assert (told["Status"], told["Why void"]) == ("Void", "Wrong strength.")

    def test_holds_only_these_days(self, issued, doctor, days):
        earlier = {name: day - timedelta(days=9) for name, day in days.items()}

        assert registering.schedule_8(doctor.user, **earlier).rows == []

    def test_is_a_doctors_own(self, issued, make_doctor, manager, reception, auditor, days):
        seen = [
            len(registering.schedule_8(who, **days).rows)
            for who in (make_doctor("colleague").user, manager, reception, auditor)
        ]

        assert seen == [0, 0, 0, 1]


class TestOverrides:
    def test_tell_check_rule_and_reason(self, overridden, issued, doctor, days):
        told = entry(registering.overrides(doctor.user, **days), -1)

        assert told | {"Date": ""} == {
            "Number": issued.number,
            "Date": "",
            "Patient": "Patient Example",
            "Prescriber": "Dr Doctor Example",
            "What did not hold": "Another script runs.",
            "Rule": "Practice",
            "Kind": "Thought about",
            "Reason": "=Lost in the post.",
        }

    def test_are_a_doctors_own(self, overridden, make_doctor, manager, auditor, days):
        seen = [
            len(registering.overrides(who, **days).rows)
            for who in (make_doctor("colleague").user, manager, auditor)
        ]

        assert [count > 0 for count in seen] == [False, False, True]


class TestFigures:
    def test_of_one_prescriber(self, issued, doctor):
        (one,) = watching.prescribers(doctor.user)

        assert (one.practitioner, one.scripts, one.busiest_day, one.consultations) == (doctor, 1, 1, 1)
        assert (round(one.median_minutes), one.share_of_several, one.unspoken) == (12, 0, 0)
        assert (one.is_much, one.is_short) == (False, False)

    def test_show_short_consultations(self, issued, doctor):
        segment = Segment.objects.get()
        segment.change(by=None, ended_at=segment.started_at + timedelta(minutes=2))

        (one,) = watching.prescribers(doctor.user)
        assert (round(one.median_minutes), one.is_short) == (2, True)

    def test_show_scripts_without_contact(self, issued, doctor, off_guard):
        content = issued.content | {"evidence": issued.content["evidence"] | {"segments": []}}
        with off_guard("clinic_prescription"):
            type(issued).objects.filter(pk=issued.pk).update(content=content)

        assert watching.prescribers(doctor.user)[0].unspoken == 1

    def test_show_several_products_at_once(self, issued, ready, doctor, make_product, off_guard):
        line = prescribing.write(
            ready.encounter, product=make_product("Day Oil"), quantity=1, by=doctor.user,
            directions="Take 0.25 mL at night.", repeats=0,
        )  # fmt: skip
        with off_guard("clinic_prescriptionline"):
            type(line).objects.filter(pk=line.pk).update(prescription=issued)

        (one,) = watching.prescribers(doctor.user)
        assert (one.several, one.share_of_several) == (1, 100)

    def test_are_of_all_for_who_watches_and_ones_own_otherwise(
        self, issued, doctor, make_doctor, manager, auditor, reception
    ):
        colleague = make_doctor("colleague")

        def seen(who) -> dict:
            return {str(one.practitioner): one.scripts for one in watching.prescribers(who)}

        everybody = {"Dr Doctor Example": 1, "Dr Colleague Example": 0}
        assert [seen(manager), seen(auditor), seen(colleague.user)] == [
            everybody, everybody, {"Dr Colleague Example": 0},
        ]  # fmt: skip
        assert watching.may_watch(reception) is False

    def test_are_asked_in_two_statements_and_drawn(self, issued, doctor, django_assert_num_queries):
        with django_assert_num_queries(2):
            watching.prescribers(doctor.user)

        chart = watching.chart(doctor.user)
        assert sum(chart.series["Prescriptions"]) == 1
        assert len(chart.days) == watching.DAYS
