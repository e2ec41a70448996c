"""An issued script stays as it is, and the oracle of the rules of the field."""

import pytest
from django.db import IntegrityError, connection, transaction

from clinic import prescribing
from clinic.models import Prescription, PrescriptionLine
from clinic.tests.checks.world import GO_ON
from clinic.tests.test_prescribing import DOSE

pytestmark = pytest.mark.django_db


class TestAnIssuedScript:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE clinic_prescription SET content = '{}'",
            "UPDATE clinic_prescription SET valid_until_on = '2099-01-01'",
            "UPDATE clinic_prescription SET number = 7",
            "UPDATE clinic_prescription SET status = 'draft'",
            "UPDATE clinic_prescription SET status = 'cancelled', dispense_state = 'QLD'",
            "DELETE FROM clinic_prescription",
            "UPDATE clinic_prescriptionline SET quantity = 9",
            "DELETE FROM clinic_prescriptionline",
            "INSERT INTO clinic_prescriptionline"
            " (id, created_at, quantity, directions, repeats, prescription_id, product_id)"
            " SELECT gen_random_uuid(), now(), 9, '', 0, prescription_id, product_id"
            " FROM clinic_prescriptionline",
        ],
    )
    def test_does_not_change_by_sql(self, issued, sql):
        before = Prescription.objects.values().get()

        with pytest.raises(IntegrityError, match=r"kept as it is|refused"), transaction.atomic():
            connection.cursor().execute(sql)

        assert Prescription.objects.values().get() == before
        assert PrescriptionLine.objects.get().quantity == 2

    def test_does_not_change_by_the_models(self, issued):
        line = issued.lines.get()
        issued.content, line.quantity = {}, 9
        for way in (
            issued.save,
            line.save,
            issued.delete,
            lambda: Prescription.objects.update(content={}),
            lambda: Prescription.objects.bulk_update([issued], ["content"]),
            lambda: PrescriptionLine.objects.update(directions="More."),
            lambda: PrescriptionLine.objects.add(by=None, prescription=issued, product=line.product, **DOSE),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                way()

        assert Prescription.objects.get().content["lines"][0]["packs"] == 2

    def test_does_not_change_by_the_rules(self, issued, doctor, make_product):
        by = doctor.user
        for way in (
            lambda: prescribing.add_line(issued, product=make_product("Day Oil"), by=by, **DOSE),
            lambda: prescribing.remove_line(issued.lines.get(), by=by),
            lambda: prescribing.send_to(issued, state="QLD", by=by),
        ):
            with pytest.raises(prescribing.NotADraft):
                way()

    def test_stays_as_it_was_once_it_is_void(self, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        for sql in (
            "UPDATE clinic_prescription SET content = '{}'",
            "UPDATE clinic_prescription SET status = 'issued'",
        ):
            with pytest.raises(IntegrityError, match="kept as it is"), transaction.atomic():
                connection.cursor().execute(sql)


class TestOracle:
    """The list of cases every prescribing system must get right."""

    def refused_by(self, prescription, doctor, code) -> list[str]:
        with pytest.raises(prescribing.NotAllowed) as refusal:
            prescribing.issue(prescription, by=doctor.user, code=code, reasons=GO_ON)
        return [finding.check.name for finding in refusal.value.findings]

    def test_an_s8_script_for_tasmania_by_a_doctor_of_new_south_wales(self, ready, doctor, code_of):
        prescribing.send_to(ready, state="TAS", authority="59E-1", indication="Chronic pain", by=doctor.user)
        prescribing.record_monitoring(ready.encounter, state="TAS", result="no_alert", by=doctor.user)

        assert self.refused_by(ready, doctor, code_of(doctor.user)) == ["state_accepts_the_prescriber"]

    def test_two_s8_repeats_in_new_south_wales_without_an_interval(self, ready, doctor, code_of):
        prescribing.send_to(ready, state="NSW", indication="Chronic pain", by=doctor.user)
        prescribing.record_monitoring(ready.encounter, state="NSW", result="no_alert", by=doctor.user)
        ready.lines.get().change(by=None, interval_days=None)

        assert self.refused_by(ready, doctor, code_of(doctor.user)) == ["repeats_have_an_interval"]

    def test_category_1_in_new_south_wales_with_an_ap_authority_and_no_look_at_monitoring(
        self, ready, doctor, code_of
    ):
        ready.lines.get().product.change(by=None, tga_category=1, tga_category_stated=1, schedule="S4")
        ready.change(by=None, schedule="S4")
        doctor.approvals.get().change(by=None, tga_category=1, pathway="ap", patient=None)
        doctor.change(by=None, state="NSW")
        prescribing.send_to(ready, state="NSW", indication="Chronic pain", by=doctor.user)

        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))

        assert Prescription.objects.get().status == Prescription.Status.ISSUED

    def test_the_ap_authority_of_another_doctor(self, ready, doctor, make_doctor, code_of):
        doctor.approvals.get().change(
            by=None, practitioner=make_doctor("colleague"), pathway="ap", patient=None
        )

        assert self.refused_by(ready, doctor, code_of(doctor.user)) == ["authority_covers_it"]

    def test_a_category_in_place_of_a_product_in_queensland(self, ready, doctor, code_of):
        prescribing.send_to(ready, state="QLD", indication="Chronic pain", by=doctor.user)
        prescribing.record_monitoring(ready.encounter, state="QLD", result="no_alert", by=doctor.user)
        nothing = {f"{name}_{part}": "" for name in ("thc", "cbd") for part in ("op", "unit", "basis")}
        ready.lines.get().product.change(
            by=None, name="Category 4 oral liquid", thc_value=None, cbd_value=None, **nothing
        )

        assert self.refused_by(ready, doctor, code_of(doctor.user)) == ["product_is_named_in_full"]
