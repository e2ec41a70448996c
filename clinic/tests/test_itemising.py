"""What receipts say of the practice, the doctor, the patient and the visit."""

import pytest
from django.utils import timezone

from billing import charging
from billing.models import Receipt
from clinic import itemising, moving
from clinic.models import Practice
from config.base import work_off

pytestmark = pytest.mark.django_db


class TestParticulars:
    def test_are_those_of_the_visit(self, confirmed, practice, doctor):
        practice.change(
            by=None, legal_name="Example Clinic Pty Ltd", abn="51824753556", time_zone="Australia/Perth"
        )
        doctor.change(by=None, provider_number="2426621B")

        facts = itemising.particulars(confirmed.order)

        assert (facts.issuer.legal_name, facts.issuer.trading_name) == (
            "Example Clinic Pty Ltd",
            "Example Clinic",
        )
        assert (facts.issuer.abn, facts.issuer.phone) == ("51824753556", "0255500100")
        assert facts.issuer.address == "12 Example Street, Sydney NSW 2000"
        assert (facts.patient, facts.zone) == ("Patient Example", "Australia/Perth")
        assert (facts.provider.name, facts.provider.provider_number) == ("Dr Doctor Example", "2426621B")
        assert facts.service.reference == str(confirmed.pk)
        assert facts.service.description == "Short consultation (video call)"
        assert facts.service.starts_at == confirmed.starts_at

    def test_name_the_practice_as_it_is_called_until_it_has_a_legal_name(self, confirmed, practice):
        assert itemising.particulars(confirmed.order).issuer.legal_name == "Example Clinic"

    def test_of_an_order_without_a_visit_name_its_payer(self, patient):
        line = charging.Line("Report", "gst_10", 110)
        order = charging.open_order(payer=patient.user, lines=[line], by=None)

        facts = itemising.particulars(order)

        assert (facts.patient, facts.provider, facts.service) == ("Patient Example", None, None)
        assert facts.issuer.legal_name == Practice().name


class TestReceipts:
    def test_are_written_when_an_appointment_is_paid_for(self, confirmed, files):
        work_off()

        receipt = Receipt.objects.get()
        assert receipt.content["service"]["reference"] == str(confirmed.pk)
        assert receipt.paper.file.name.startswith(f"receipts/{timezone.now():%Y}")

    @pytest.mark.parametrize("hours", [6, 72], ids=["earlier", "later"])
    def test_follow_an_appointment_to_another_time(
        self, confirmed, make_slot, make_doctor, files, manager, hours
    ):
        work_off()
        there = make_slot(hours, of=make_doctor("other", provider_number="2426621B"))

        moved = moving.move(confirmed, to=there, by=manager, why="The doctor is ill.")
        work_off()

        receipt = Receipt.objects.standing().get()
        assert receipt.content["service"]["reference"] == str(moved.pk)
        assert receipt.content["practitioner"]["provider_number"] == "2426621B"
        assert receipt.replaces.credit_notes.get().content["why"] == "The service was moved to another time."
