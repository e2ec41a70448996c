"""Registrations: numbers with a second look, verification by a second person."""

import pytest
from django.urls import reverse
from django_otp.oath import TOTP

from clinic.models import Practitioner

ADD = reverse("admin:clinic_practitioner_add")
GOOD = {
    "ahpra_number": "med 0000932846",
    "prescriber_number": "242 5739",
    "provider_number": "2426621b",
    "provider_postcode": "0820",
    "hpii": "8003 6199 0001 5717",
    "title": "Dr",
    "time_zone": "Australia/Sydney",
    "accepts_patients": "on",
}


def change_of(practitioner):
    return reverse("admin:clinic_practitioner_change", args=[practitioner.pk])


@pytest.fixture
def browser(staff_client, manager):
    return staff_client(manager)


class TestNumbers:
    def test_are_kept_as_one_writes_them_in_print(self, browser, make_user):
        browser.post(ADD, {"user": make_user("doctor").pk, **GOOD})

        kept = Practitioner.objects.get()
        assert kept.provider_postcode == "0820"
        assert (kept.ahpra_number, kept.prescriber_number, kept.provider_number, kept.hpii) == (
            "MED0000932846",
            "2425739",
            "2426621B",
            "8003619900015717",
        )

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("ahpra_number", "MED93", "An Ahpra number has 3 letters followed by 10 digits."),
            ("hpii", "8003608833357361", "An HPI-I starts with 800361."),
            ("prescriber_number", "453221", "A PBS prescriber number has 7 digits."),
            ("provider_postcode", "820", "A postcode has four digits."),
        ],
    )
    def test_that_cannot_be_are_refused_whatever_is_ticked(self, browser, make_user, field, value, sentence):
        data = GOOD | {"user": make_user("doctor").pk, field: value, "acknowledged": "on"}

        answer = browser.post(ADD, data)

        assert answer.context["adminform"].form.errors == {field: [sentence]}
        assert Practitioner.objects.count() == 0

    def test_that_look_unusual_are_kept_after_a_second_look(self, browser, make_user):
        data = GOOD | {"user": make_user("doctor").pk, "provider_number": "2426621C"}

        asked = browser.post(ADD, data)
        browser.post(ADD, data | {"acknowledged": "on"})

        assert list(asked.context["adminform"].form.errors) == ["provider_number"]
        version = Practitioner.objects.get().history.get()
        assert version.provider_number == "2426621C"
        assert version.history_change_reason.startswith("Compared with card or letter: The check letter")

    def test_that_stay_unusual_are_not_asked_about_again(self, browser, make_doctor):
        practitioner = make_doctor(provider_number="2426621C")
        data = GOOD | {
            "ahpra_number": practitioner.ahpra_number,
            "provider_number": "2426621C",
            "about": "New.",
        }

        browser.post(change_of(practitioner), data)

        practitioner.refresh_from_db()
        assert practitioner.about == "New."


class TestVerify:
    def verify(self, browser, practitioner, *, by=None):
        address = f"/admin/clinic/practitioner/{practitioner.pk}/verify/"
        code = f"{TOTP(by.totpdevice_set.get().bin_key).token():06}" if by else ""
        answer = browser.post(address, {"_form_submitted": "1", "code": code})
        practitioner.refresh_from_db()
        return answer

    def test_takes_a_second_manager(self, browser, staff_client, make_user, manager):
        browser.post(ADD, {"user": make_user("doctor").pk, **GOOD})
        practitioner = Practitioner.objects.get()
        second = make_user("manager", "second")

        self.verify(browser, practitioner, by=manager)
        by_the_writer = practitioner.verified_by
        self.verify(staff_client(second), practitioner, by=second)

        assert (by_the_writer, practitioner.verified_by) == (None, second)

    def test_needs_the_code_of_the_moment(self, browser, make_doctor):
        practitioner = make_doctor()

        self.verify(browser, practitioner)

        assert practitioner.verified_at is None

    def test_ends_when_a_number_changes(self, browser, make_doctor, make_user, manager):
        practitioner = make_doctor()
        self.verify(browser, practitioner, by=manager)
        before = practitioner.verified_by

        browser.post(change_of(practitioner), GOOD)

        practitioner.refresh_from_db()
        assert (before, practitioner.verified_by, practitioner.ahpra_number) == (
            manager,
            None,
            "MED0000932846",
        )

    @pytest.mark.parametrize("role", ["reception", "auditor", "doctor"])
    def test_is_not_open_to_others(self, staff_client, make_user, make_doctor, role):
        practitioner = make_doctor("other")

        answer = self.verify(staff_client(make_user(role)), practitioner)

        assert (answer.status_code, practitioner.verified_at) == (403, None)


class TestCalendar:
    def test_leads_to_one_s_own_calendar_and_to_nobody_else_s(self, staff_client, doctor, make_doctor):
        browser = staff_client(doctor.user)
        addresses = [
            reverse("admin:clinic_practitioner_calendar", args=[each.pk])
            for each in (doctor, make_doctor("other"))
        ]

        answers = [browser.get(address) for address in addresses]

        assert answers[0].headers["Location"] == "/accounts/calendar/"
        assert answers[1].status_code == 403
