"""What the command palette finds, and for whom."""

import pytest
from django.utils import timezone

from clinic import booking, finding
from clinic.models import Practice
from messaging.models import Letter


@pytest.fixture
def find(rf):
    def ask(user, term: str) -> list[tuple[str, str]]:
        request = rf.get("/admin/search/", {"s": term})
        request.user = user
        return [(hit.title, hit.icon) for hit in finding.hits(request, term)]

    return ask


class TestHits:
    def test_name_pages_the_person_may_open(self, find, manager, doctor):
        assert find(manager, "refunds") == [("Refunds", "currency_exchange")]
        assert find(doctor.user, "refunds") == []

    def test_name_a_patient_by_any_part_of_the_name(self, find, reception, make_patient):
        make_patient("rosalind")
        make_patient("ada")

        assert find(reception, "SALIN") == [("Rosalind Example", "group")]
        assert find(reception, "rosal exam") == [("Rosalind Example", "group")]

    def test_name_a_patient_by_phone(self, find, reception, make_patient):
        make_patient("rosalind", phone="+61491570006")

        assert find(reception, "91570006") == [("Rosalind Example", "group")]

    def test_name_to_a_doctor_only_the_patients_in_their_care(
        self, find, doctor, make_doctor, make_patient, make_slot, settle, fees
    ):
        mine, theirs = make_patient("rosalind"), make_patient("rosamund")
        for patient, practitioner in [(mine, doctor), (theirs, make_doctor("another"))]:
            slot = make_slot(of=practitioner)
            settle(booking.hold(slot, patient=patient, by=patient.user))

        assert find(doctor.user, "rosa") == [
            ("Rosalind Example", "group"),
            ("The appointment of Rosalind Example", "event"),
        ]

    def test_name_nothing_to_a_patient(self, find, patient):
        assert find(patient.user, "example") == []

    def test_name_medicines_by_name_by_barcode_and_mistyped(self, find, doctor, make_product):
        make_product("Night Oil", gtin13="9312345678907")

        assert find(doctor.user, "night") == [("Night Oil (Example), 30 mL", "medication")]
        assert find(doctor.user, "9312345678907") == [("Night Oil (Example), 30 mL", "medication")]
        assert find(doctor.user, "nihgt") == [("Night Oil (Example), 30 mL", "medication")]
        assert find(doctor.user, "9312345678900") == []

    def test_name_orders_by_their_number_to_those_who_see_money(self, find, manager, doctor, held):
        number = str(held.order.number)

        assert find(manager, number) == [(f"Order {number}", "receipt_long")]
        assert find(doctor.user, number) == []

    def test_name_letters_by_their_recipient(self, find, manager):
        Letter.objects.add(
            by=None, to="someone@example.net", template="t", subject="Welcome", next_attempt_at=timezone.now()
        )

        assert find(manager, "someone@") == [("Welcome", "outgoing_mail")]

    def test_are_at_most_twenty(self, find, manager, make_patient, make_product, make_slot, fees):
        for number in range(6):
            patient = make_patient(f"rosa{number}")
            booking.hold(make_slot(hours=24 + number), patient=patient, by=patient.user)
            make_product(f"Rosa {number}")
            Letter.objects.add(
                by=None,
                to=f"rosa{number}@example.net",
                template="t",
                subject="Rosa",
                next_attempt_at=timezone.now(),
            )

        assert len(find(manager, "rosa")) == 20

    @pytest.mark.parametrize("term", ["", " ", "r", "  r "])
    def test_need_two_letters(self, find, manager, make_patient, term):
        make_patient("rosalind")

        assert find(manager, term) == []

    def test_take_the_same_statements_for_many_rows_as_for_one(
        self, rf, manager, make_patient, make_slot, fees, django_assert_num_queries
    ):
        request = rf.get("/admin/search/")
        request.user = manager
        booking.hold(make_slot(), patient=make_patient("rosa"), by=None)
        finding.hits(request, "rosa")
        for number in range(2):
            booking.hold(make_slot(hours=30 + number), patient=make_patient(f"rosa{number}"), by=None)

        with django_assert_num_queries(7):
            found = finding.hits(request, "rosa")

        assert len(found) == 9


class TestTell:
    def test_an_appointment_by_the_practices_clock(
        self, rf, manager, make_patient, make_slot, fees, staff_client, timed
    ):
        Practice.objects.add(by=None, time_zone="Australia/Perth")
        held = booking.hold(make_slot(), patient=make_patient("rosa"), by=None)
        timed(held, "2027-03-01T16:30Z")

        page = staff_client(manager).get("/admin/search/", {"s": "rosa", "extended": "1"}).content.decode()

        assert "Held for payment, Tue 2 Mar 2027, 12:30 am, with Dr Doctor Example" in page

    def test_an_order_with_its_amount_and_payer(self, rf, manager, held):
        request = rf.get("/admin/search/")
        request.user = manager

        told = [hit.description for hit in finding.hits(request, str(held.order.number))]

        assert told == ["Open, A$80.00, Patient Example"]
