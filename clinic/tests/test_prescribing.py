"""Drafting, issuing and cancelling, and what nobody can do to an issued script."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog import listing
from catalog.models import Product
from clinic import accounts, booking, consulting, prescribing, roles
from clinic.models import MonitoringCheck, Prescription, PrescriptionLine
from clinic.tests.checks.world import GO_ON
from config import hashing
from config.base import IllegalMove
from messaging.models import Letter

pytestmark = pytest.mark.django_db
DOSE = {"quantity": 1, "directions": "Take 1 mL at night."}


class TestAddLine:
    def test_refuses_what_went_off_sale_since_it_was_looked_up(self, encounter, doctor, make_product):
        oil = make_product()
        Product.objects.filter(pk=oil.pk).update(supply=Product.Supply.DISCONTINUED)
        oil.refresh_from_db()

        with pytest.raises(listing.NotPrescribable, match="Please choose another medicine"):
            prescribing.write(encounter, product=oil, by=doctor.user, **DOSE)

        assert not PrescriptionLine.objects.exists()

    def test_gives_every_s8_medicine_its_own_form(self, encounter, doctor, make_product):
        draft = prescribing.draft(encounter, by=doctor.user)
        lines = [
            prescribing.add_line(draft, product=make_product(name), by=doctor.user, **DOSE)
            for name in ("Night Oil", "Day Oil", "Noon Oil")
        ]

        assert len({line.prescription_id for line in lines}) == 3
        assert lines[0].prescription == draft
        assert {line.prescription.schedule for line in lines} == {"S8"}

    def test_keeps_schedule_4_off_the_form_of_an_s8_medicine(self, encounter, doctor, make_product):
        tablet = make_product(
            "Tablet", kind="conventional", schedule="S4", tga_category=None, strength="5 mg"
        )
        other = make_product(
            "Capsule", kind="conventional", schedule="S4", tga_category=None, strength="9 mg"
        )
        first = prescribing.write(encounter, product=tablet, by=doctor.user, **DOSE)
        oil = prescribing.write(encounter, product=make_product(), by=doctor.user, **DOSE)
        second = prescribing.write(encounter, product=other, by=doctor.user, **DOSE)

        assert first.prescription == second.prescription
        assert oil.prescription != first.prescription

    def test_keeps_medicines_apart_that_need_different_authorities(self, encounter, doctor, make_product):
        cbd = {"tga_category": 1, "tga_category_stated": 1, "schedule": "S4"}
        lines = [
            prescribing.write(
                encounter, product=make_product(name, dose_form=form, **cbd), by=doctor.user, **DOSE
            )
            for name, form in [("Oil", "oral_liquid"), ("Capsule", "capsule"), ("Other oil", "oral_liquid")]
        ]

        assert lines[0].prescription == lines[2].prescription
        assert lines[1].prescription != lines[0].prescription

    def test_is_of_the_doctor_of_the_consultation(self, encounter, make_doctor, make_product):
        with pytest.raises(consulting.NotTheirs):
            prescribing.write(encounter, product=make_product(), by=make_doctor("colleague").user, **DOSE)

        assert Prescription.objects.count() == 0

    def test_the_script_goes_where_the_patient_lives_until_told_otherwise(self, ready, doctor):
        prescribing.send_to(
            ready, state="ACT", authority=" CHO-77 ", indication="Chronic pain", by=doctor.user
        )

        ready.refresh_from_db()
        assert (ready.dispense_state, ready.state_authority) == ("ACT", "CHO-77")


class TestRemoveLine:
    def test_discards_a_form_without_medicines(self, ready, doctor):
        prescribing.remove_line(ready.lines.get(), by=doctor.user)

        ready.refresh_from_db()
        assert ready.status == Prescription.Status.CANCELLED
        assert ready.lines.get().removed_by == doctor.user

    def test_leaves_the_others(self, encounter, doctor, make_product):
        plain = {"kind": "conventional", "schedule": "S4", "tga_category": None, "strength": "5 mg"}
        first, second = [
            prescribing.write(encounter, product=make_product(name, **plain), by=doctor.user, **DOSE)
            for name in ("Tablet", "Capsule")
        ]
        prescribing.remove_line(first, by=doctor.user)

        assert [*second.prescription.lines.written()] == [second]
        assert Prescription.objects.get().status == Prescription.Status.DRAFT


class TestIssue:
    def test_numbers_signs_and_dates_the_script(self, ready, doctor, code_of, queued_tasks):
        with time_machine.travel(datetime(2026, 11, 23, 1, 0, tzinfo=UTC), tick=False):
            MonitoringCheck.objects.create(
                patient=ready.patient, practitioner=doctor, encounter=ready.encounter,
                state="VIC", system="SafeScript", result="no_alert",
            )  # fmt: skip
            ready.practitioner.approvals.get().change(
                by=None, from_on=date(2026, 1, 1), until_on=date(2027, 12, 1)
            )
            doctor.change(by=None, verified_at=timezone.now())
            consulting.confirm_location(ready.encounter, state="VIC", by=doctor.user)
            ready.encounter.segments.get().change(
                by=None, started_at=timezone.now() - timedelta(minutes=9), ended_at=timezone.now()
            )
            prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))

        script = Prescription.objects.get()
        assert script.status == Prescription.Status.ISSUED
        assert script.number >= 100001
        assert (script.issued_by, script.valid_until_on) == (doctor.user, date(2027, 5, 22))
        assert script.approval == doctor.approvals.get()
        assert "clinic.tasks.render_prescription" in queued_tasks()

    def test_copies_what_is_prescribed_as_it_is_then(self, issued):
        line = issued.lines.get()
        line.product.change(by=None, name="Renamed Oil")

        content = Prescription.objects.get().content
        assert content["lines"][0]["name"] == "Night Oil"
        assert content["lines"][0]["strength"] == "THC 25 mg/mL, CBD 1 mg/mL"
        assert content["lines"][0]["quantity"] == "2 (two) packs of 30 mL, in all 60 (sixty) millilitres"
        assert content["authority"]["reference"] == "MC26/104233"
        assert content["evidence"]["monitoring"] == str(MonitoringCheck.objects.get().pk)

    def test_keeps_the_fingerprint_of_what_was_issued(self, issued):
        assert issued.content_sha256 == hashing.fingerprint(issued.content)
        assert issued.content["number"] == issued.number

    def test_gives_every_script_its_own_number(self, issued, doctor, code_of, make_product, make_approval):
        line = prescribing.write(issued.encounter, product=make_product("Day Oil"), by=doctor.user, **DOSE)
        prescribing.send_to(line.prescription, state="VIC", indication="Chronic pain", by=doctor.user)
        prescribing.issue(line.prescription, by=doctor.user, code=code_of(doctor.user), reasons=GO_ON)

        assert Prescription.objects.get(pk=line.prescription_id).number > issued.number

    def test_runs_for_a_year_on_schedule_4(self, ready, doctor, code_of):
        ready.lines.get().product.change(by=None, tga_category=1, tga_category_stated=1, schedule="S4")
        ready.change(by=None, schedule="S4")
        doctor.approvals.get().change(by=None, tga_category=1)

        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))

        ready.refresh_from_db()
        assert ready.valid_until_on - date.fromisoformat(ready.content["issued_on"]) >= timedelta(days=363)

    @pytest.mark.parametrize(("was", "became", "category"), [("S8", "S4", 1), ("S4", "S8", 4)])
    def test_refuses_a_product_of_another_schedule_than_its_form(
        self, ready, doctor, code_of, was, became, category
    ):
        ready.change(by=None, schedule=was)
        ready.lines.get().product.change(
            by=None, schedule=became, tga_category=category, tga_category_stated=category
        )
        doctor.approvals.get().change(by=None, tga_category=category)

        with pytest.raises(prescribing.Reclassified, match="Take it off the form and add it again"):
            prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))

        assert Prescription.objects.get().status == Prescription.Status.DRAFT

    def test_refuses_products_that_no_longer_share_an_authority(
        self, ready, doctor, code_of, make_product, make_approval
    ):
        prescribing.remove_line(ready.lines.get(), by=doctor.user)
        cbd = {"tga_category": 1, "tga_category_stated": 1, "schedule": "S4"}
        for form in ("oral_liquid", "capsule"):
            make_approval(reference=form, tga_category=1, dose_form=form)
        one, other = (
            prescribing.write(
                ready.encounter, product=make_product(name, **cbd), by=doctor.user, interval_days=28, **DOSE
            )
            for name in ("Oil", "Other oil")
        )
        prescribing.send_to(one.prescription, state="VIC", indication="Chronic pain", by=doctor.user)
        other.product.change(by=None, dose_form="capsule")

        with pytest.raises(prescribing.Reclassified, match="Other oil"):
            prescribing.issue(one.prescription, by=doctor.user, code=code_of(doctor.user), reasons=GO_ON)

    def test_refuses_a_wrong_code(self, ready, doctor, code_of):
        wrong = f"{(int(code_of(doctor.user)) + 1) % 1_000_000:06}"

        with pytest.raises(accounts.WrongCode):
            prescribing.issue(ready, by=doctor.user, code=wrong)

        assert Prescription.objects.get().status == Prescription.Status.DRAFT

    def test_refuses_what_a_check_stops_and_says_why(self, ready, doctor, patient, code_of):
        patient.change(by=None, identified_at=None, identified_by=None)

        with pytest.raises(prescribing.NotAllowed, match="Sight an identity document") as refusal:
            prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))

        assert [finding.check.name for finding in refusal.value.findings] == ["patient_is_identified"]
        assert Prescription.objects.get().number is None

    def test_takes_a_reason_where_a_check_may_be_overridden(self, ready, doctor, code_of):
        doctor.change(by=None, state="WA")
        prescribing.send_to(ready, state="WA", indication="Chronic pain", by=doctor.user)
        reasons = {
            "monitoring_is_checked_by_custom": "ScriptCheckWA was down; I rang the information service."
        }

        with pytest.raises(prescribing.NotAllowed):
            prescribing.issue(
                ready, by=doctor.user, code=code_of(doctor.user), reasons=dict.fromkeys(reasons, " ")
            )
        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user), reasons=reasons)

        assert Prescription.objects.get().content["overridden"] == reasons

    @pytest.mark.parametrize("told", ["", "Anxiety"])
    def test_refuses_what_the_doctor_did_not_say_that_it_is_for(self, ready, doctor, code_of, told):
        prescribing.send_to(ready, state="VIC", indication=told, by=doctor.user)

        with pytest.raises(prescribing.NotAllowed, match="Choose what the medicine is for"):
            prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user), reasons=GO_ON)

        ready.refresh_from_db()
        assert (ready.status, ready.indication) == ("draft", told)  # the one of the authority is not lent

    def test_is_kept_from_saying_nothing_of_it_by_the_database(self, ready, doctor):
        fields = {
            "number": 1,
            "content_sha256": "0" * 64,
            "issued_at": timezone.now(),
            "issued_by": doctor.user,
        }
        ready.change(by=None, indication="")

        with pytest.raises(IntegrityError, match="says_what_it_is_for"), transaction.atomic():
            ready.move_to("issued", by=doctor.user, approval=doctor.approvals.get(), **fields)

    def test_takes_no_reason_where_the_law_asks(self, ready, doctor, code_of):
        prescribing.send_to(ready, state="QLD", indication="Chronic pain", by=doctor.user)

        with pytest.raises(prescribing.NotAllowed, match="QScript"):
            prescribing.issue(
                ready,
                by=doctor.user,
                code=code_of(doctor.user),
                reasons={"monitoring_is_checked": "No time."},
            )

    def test_refuses_a_colleague(self, ready, make_doctor, code_of):
        colleague = make_doctor("colleague").user

        with pytest.raises(consulting.NotTheirs):
            prescribing.issue(ready, by=colleague, code=code_of(colleague))

    def test_twice_is_refused(self, issued, doctor, code_of):
        with pytest.raises(prescribing.NotADraft):
            prescribing.issue(issued, by=doctor.user, code=code_of(doctor.user))


class TestCancel:
    def test_makes_it_void_and_remembers_who_and_why(self, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        last = Prescription.objects.get().history.first()
        assert (last.status, last.history_user, last.history_change_reason) == (
            "cancelled",
            doctor.user,
            "Wrong strength.",
        )

    def test_needs_a_reason(self, issued, doctor):
        with pytest.raises(prescribing.NoReason):
            prescribing.cancel(issued, by=doctor.user, why=" ")

    def test_is_not_of_a_doctor_elsewhere_nor_of_the_desk(self, issued, make_doctor, manager):
        for person in (make_doctor("colleague").user, manager, issued.patient.user):
            with pytest.raises(consulting.NotTheirs):
                prescribing.cancel(issued, by=person, why="Not mine.")

    @pytest.mark.parametrize(("is_active", "letters"), [(True, 1), (False, 0)])
    def test_is_of_every_doctor_who_cares_for_the_patient(
        self, issued, doctor, make_doctor, make_slot, settle, is_active, letters
    ):
        colleague = make_doctor("colleague")
        settle(
            booking.hold(make_slot(hours=90, of=colleague), patient=issued.patient, by=issued.patient.user)
        )
        doctor.user.change(by=None, is_active=is_active)

        prescribing.cancel(issued, by=colleague.user, why="Known to be a wrong strength.")

        told = Letter.objects.filter(template="clinic/mail/prescription_void", recipient=doctor.user)
        assert (issued.status, told.count()) == ("cancelled", letters)

    def test_of_a_draft_is_of_its_doctor_alone(self, ready, make_doctor, make_slot, settle):
        colleague, patient = make_doctor("colleague"), ready.patient
        settle(booking.hold(make_slot(hours=90, of=colleague), patient=patient, by=patient.user))

        with pytest.raises(consulting.NotTheirs):
            prescribing.cancel(ready, by=colleague.user, why="Not mine.")

    def test_ends_it_for_good(self, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        with pytest.raises(IllegalMove):
            prescribing.cancel(issued, by=doctor.user, why="Again.")


class TestAFormerPrescriber:
    def test_cancels_nothing(self, issued, doctor):
        doctor.user.change(by=None, role="auditor")

        with pytest.raises(consulting.NotTheirs):
            prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        assert Prescription.objects.get().status == Prescription.Status.ISSUED

    def test_issues_and_records_nothing(self, ready, doctor, code_of, monkeypatch):
        may_still = roles.GRANTS["doctor"] - {"clinic.issue_prescription"}
        monkeypatch.setitem(roles.GRANTS, "doctor", may_still)
        by, code = doctor.user, code_of(doctor.user)
        until_on = timezone.localdate() + timedelta(days=30)

        for way in (
            lambda: prescribing.issue(ready, by=by, code=code),
            lambda: prescribing.record_monitoring(ready.encounter, state="VIC", result="no_alert", by=by),
            lambda: prescribing.record_approval(
                ready.encounter, by=by, pathway="sas_b", reference="MC26/2", tga_category=4,
                dose_form="capsule", indication="Pain", from_on=timezone.localdate(), until_on=until_on,
            ),
        ):  # fmt: skip
            with pytest.raises(prescribing.NotAPrescriber):
                way()

        assert Prescription.objects.get().status == Prescription.Status.DRAFT
        assert MonitoringCheck.objects.count() == doctor.approvals.count() == 1
