from datetime import date

import pytest
from django.utils import timezone

from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db

DETAILS = {
    "given_name": "Ann",
    "family_name": "Example",
    "date_of_birth": "1980-05-01",
    "phone": "0412345678",
    "street": "1 Example Street",
    "suburb": "Newtown",
    "state": "NSW",
    "postcode": "2042",
    "time_zone": "Australia/Perth",
    "emergency_name": "Bob Example",
    "emergency_phone": "+61 2 9876 5432",
    "medicare_number": "",
    "medicare_irn": "",
    "medicare_until_on": "",
    "gp_name": "",
}


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


class TestProfile:
    def test_saves_what_was_typed(self, browser, patient):
        answer = browser.post("/portal/profile/", DETAILS)

        assert answer.url == "/portal/profile/"
        patient.refresh_from_db()
        assert (patient.phone, patient.emergency_phone) == ("0412 345 678", "(02) 9876 5432")
        assert (patient.user.given_name, patient.user.time_zone) == ("Ann", "Australia/Perth")
        assert patient.history.first().history_user == patient.user

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("street", "", "Please fill this in."),
            ("phone", "12", "This is not a telephone number that can be called. Please check the digits."),
            ("phone", "call me", "Please enter a telephone number, such as 0412 345 678."),
            ("postcode", "20x2", "A postcode has four digits."),
            ("medicare_until_on", "13/2028", "Write month and year as on the card: 09/2028."),
            ("medicare_until_on", "soon", "Write month and year as on the card: 09/2028."),
            ("date_of_birth", "2999-01-01", "Please enter the day you were born."),
            ("date_of_birth", "1850-01-01", "Please enter the day you were born."),
            (
                "time_zone",
                "Mars/Olympus",
                "Select a valid choice. Mars/Olympus is not one of the available choices.",
            ),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, browser, patient, field, value, sentence):
        answer = browser.post("/portal/profile/", DETAILS | {field: value})

        assert answer.status_code == 400
        assert answer.context["form"].errors == {field: [sentence]}
        assert answer.context["form"]["suburb"].value() == "Newtown"
        patient.refresh_from_db()
        assert patient.suburb == ""

    def test_checks_the_medicare_number(self, browser):
        answer = browser.post("/portal/profile/", DETAILS | {"medicare_number": "1123 45670 1"})

        assert list(answer.context["form"].errors) == ["medicare_number"]

    @pytest.mark.parametrize(
        ("typed", "kept", "shown"),
        [
            ("9/2028", date(2028, 9, 30), "09/2028"),
            ("02/2028", date(2028, 2, 29), "02/2028"),
            ("15 / 09 / 2028", date(2028, 9, 15), "15/09/2028"),
            ("", None, None),
        ],
    )
    def test_keeps_how_long_the_medicare_card_is_valid(self, browser, patient, typed, kept, shown):
        browser.post("/portal/profile/", DETAILS | {"medicare_until_on": typed})

        patient.refresh_from_db()
        form = browser.get("/portal/profile/").context["form"]
        assert (patient.medicare_until_on, form["medicare_until_on"].value()) == (kept, shown)

    def test_keeps_who_was_identified(self, browser, patient, manager):
        patient.change(identified_at=timezone.now(), identified_by=manager, by=manager)

        browser.post("/portal/profile/", DETAILS | {"family_name": "Other"})

        patient.user.refresh_from_db()
        assert patient.user.family_name == "Example"

    def test_looking_is_in_the_trail(self, browser, patient):
        browser.get("/portal/profile/")

        assert AuditEvent.objects.get(action="read").record_id == patient.pk

    def test_is_for_patients(self, client, manager):
        client.force_login(manager)

        assert client.get("/portal/profile/").url == "/admin/"
