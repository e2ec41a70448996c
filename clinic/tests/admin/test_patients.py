"""Patients' records in the staff site: who finds them, and what of their numbers is shown."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import enrolling
from clinic.admin.patients import CHECK_AGAIN
from clinic.admin.revealing import REVEALED_FOR
from clinic.models import AuditEvent

LIST = reverse("admin:clinic_patient_changelist")
MEDICARE, IHI = "2950975362", "8003608833357361"


def page(patient, name="change"):
    return reverse(f"admin:clinic_patient_{name}", args=[patient.pk])


def press(browser, patient, step, **fields):
    return browser.post(f"/admin/clinic/patient/{patient.pk}/{step}/", {"_form_submitted": "1", **fields})


def spelled(html):
    """Whether a number stands on the page, as it is kept or as it is printed."""
    return [form in html for form in (MEDICARE, "2950 97536 2", IHI, "8003 6088 3335 7361")]


@pytest.fixture
def numbered(patient):
    patient.change(by=None, medicare_number=MEDICARE, medicare_irn="1", ihi=IHI)
    return patient


class TestWhoFindsThem:
    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_the_desk_finds_everybody(self, staff_client, make_user, patient, role):
        assert staff_client(make_user(role)).get(page(patient)).status_code == 200

    # Django sends people home who ask for the page of a row that is not there for them.
    @pytest.mark.parametrize(("name", "strangers"), [("change", 302), ("history", 404)])
    def test_a_doctor_finds_those_in_their_care(
        self, staff_client, make_doctor, confirmed, doctor, name, strangers
    ):
        stranger = make_doctor("stranger")

        answers = [staff_client(who.user).get(page(confirmed.patient, name)) for who in (doctor, stranger)]

        assert [answer.status_code for answer in answers] == [200, strangers]

    def test_a_strangers_version_is_not_there_either(self, staff_client, make_doctor, confirmed):
        version = confirmed.patient.history.first()
        address = reverse("admin:clinic_patient_simple_history", args=[confirmed.patient.pk, version.pk])

        assert staff_client(make_doctor("stranger").user).get(address).status_code == 404

    @pytest.mark.parametrize("step", ["reveal", "identify"])
    def test_a_strangers_button_finds_nobody(self, staff_client, make_doctor, confirmed, step):
        browser = staff_client(make_doctor("stranger").user)

        assert press(browser, confirmed.patient, step, why="X.", document="X.").status_code == 404

    def test_patients_do_not_come_here(self, client, patient):
        client.force_login(patient.user)

        assert client.get(page(patient), follow=True).status_code == 404

    def test_the_list_asks_as_often_for_three_rows_as_for_one(self, staff_client, manager, make_patient):
        browser = staff_client(manager)
        make_patient("one")
        browser.get(LIST)
        with CaptureQueriesContext(connection) as for_one:
            browser.get(LIST)
        for name in ("two", "three"):
            make_patient(name)

        with CaptureQueriesContext(connection) as for_three:
            browser.get(LIST)

        assert len(for_three) == len(for_one)


class TestNumbers:
    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_are_on_no_page_of_the_desk(self, staff_client, make_user, numbered, role):
        browser = staff_client(make_user(role))
        version = numbered.history.first()
        addresses = [
            LIST,
            page(numbered),
            page(numbered, "history"),
            reverse("admin:clinic_patient_simple_history", args=[numbered.pk, version.pk]),
        ]

        shown = [spelled(browser.get(address).content.decode()) for address in addresses]

        assert shown == [[False] * 4] * 4

    def test_are_hidden_from_the_doctor_until_they_say_why(self, staff_client, confirmed, numbered, doctor):
        browser = staff_client(doctor.user)
        before = browser.get(page(numbered)).content.decode()

        press(browser, numbered, "reveal", why="Telephone script.")
        after = browser.get(page(numbered)).content.decode()
        with time_machine.travel(timezone.now() + timedelta(seconds=REVEALED_FOR + 1)):
            later = browser.get(page(numbered)).content.decode()

        assert "•••••••362" in before
        assert spelled(before) == spelled(later) == [False] * 4
        assert spelled(after) == [False, True, False, True]
        event = AuditEvent.objects.get(action="read", why="Identifiers revealed: Telephone script.")
        assert (event.by, event.patient_id) == (doctor.user, numbered.pk)

    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_are_not_revealed_to_the_desk(self, staff_client, make_user, numbered, role):
        assert press(staff_client(make_user(role)), numbered, "reveal", why="X.").status_code == 403

    def test_are_not_searched_for(self, staff_client, manager, numbered):
        answer = staff_client(manager).get(LIST, {"q": MEDICARE})

        assert list(answer.context["cl"].queryset) == []

    def test_are_recorded_from_the_card(self, staff_client, reception, patient):
        card = {"medicare_number": "2950 97536 2 / 1", "medicare_until_on": "09/2028"}
        browser = staff_client(reception)
        press(browser, patient, "record_numbers", **card)

        patient.refresh_from_db()
        assert (patient.medicare_number, patient.medicare_irn, patient.ihi) == (MEDICARE, "1", "")
        assert patient.medicare_until_on == date(2028, 9, 30)
        assert "09/2028" in browser.get(page(patient)).content.decode()

    def test_left_empty_stay(self, staff_client, reception, numbered):
        press(staff_client(reception), numbered, "record_numbers", ihi="8003 6086 6670 1594")

        numbered.refresh_from_db()
        assert (numbered.medicare_number, numbered.ihi) == (MEDICARE, "8003608666701594")

    def test_that_look_unusual_need_a_second_look(self, staff_client, reception, patient):
        browser = staff_client(reception)
        typed = {"medicare_number": "6951449677"}

        asked = press(browser, patient, "record_numbers", **typed)
        patient.refresh_from_db()
        before = patient.medicare_number
        press(browser, patient, "record_numbers", **typed, acknowledged="on")

        patient.refresh_from_db()
        assert "If it is right, tick the box below the numbers." in asked.content.decode()
        assert (before, patient.medicare_number) == ("", "6951449677")
        assert patient.history.first().history_change_reason.startswith("Compared with card or letter:")

    def test_that_cannot_be_are_refused(self, staff_client, reception, patient):
        answer = press(staff_client(reception), patient, "record_numbers", ihi="8003618333647261")

        patient.refresh_from_db()
        assert ("An IHI starts with 800360." in answer.content.decode(), patient.ihi) == (True, "")


class TestIdentify:
    def test_records_what_was_seen(self, staff_client, confirmed, patient, doctor):
        press(staff_client(doctor.user), patient, "identify", document="Driver licence, Vic, ending 123")

        patient.refresh_from_db()
        assert (patient.identity_document, patient.identified_by) == (
            "Driver licence, Vic, ending 123",
            doctor.user,
        )


class TestIdentityAfterwards:
    """What a doctor compared with a document does not change behind the check."""

    @pytest.fixture
    def identified(self, patient, doctor):
        patient.change(
            by=doctor.user, identity_document="Passport, ending X12", identified_at=timezone.now(),
            identified_by=doctor.user, date_of_birth=date(1980, 5, 10),
        )  # fmt: skip
        return patient

    @pytest.fixture
    def write(self, staff_client, manager):
        """Send the form of a record's page as it stands, but for what is different."""

        def send(record, **different):
            browser = staff_client(manager)
            address = reverse(f"admin:clinic_{record._meta.model_name}_change", args=[record.pk])
            form = browser.get(address).context["adminform"].form
            typed = {name: form[name].value() or "" for name in form.fields}
            answer = browser.post(address, typed | different, follow=True)
            return [str(message) for message in answer.context["messages"]]

        return send

    @pytest.mark.parametrize(
        ("of", "different"),
        [("patient", {"date_of_birth": "1981-05-10"}), ("user", {"family_name": "Other"})],
    )
    def test_a_change_asks_for_another_check_and_says_so(self, write, identified, manager, of, different):
        told = write({"patient": identified, "user": identified.user}[of], **different)

        identified.refresh_from_db()
        assert (identified.identity_document, identified.identified_at, identified.identified_by) == (
            "",
            None,
            None,
        )
        last = identified.history.first()
        assert (last.history_user, last.history_change_reason) == (manager, enrolling.UNIDENTIFIED)
        assert CHECK_AGAIN in told

    @pytest.mark.parametrize(
        ("of", "different"), [("patient", {"suburb": "Hobart"}), ("user", {"time_zone": "Australia/Perth"})]
    )
    def test_another_change_leaves_it(self, write, identified, doctor, of, different):
        told = write({"patient": identified, "user": identified.user}[of], **different)

        identified.refresh_from_db()
        assert identified.identified_by == doctor.user
        assert CHECK_AGAIN not in told
        assert len(told) == 1


@pytest.mark.parametrize(("role", "status"), [("manager", 302), ("reception", 302), ("doctor", 403)])
def test_the_statement_is_one_click_away(staff_client, make_user, make_patient, role, status):
    patient = make_patient("debtor")
    address = reverse("admin:clinic_patient_statement", args=[patient.pk])

    answer = staff_client(make_user(role, f"{role}-here")).get(address)

    assert (answer.status_code, answer.headers.get("Location", "")) == (
        status,
        reverse("admin:billing_statement", args=[patient.user_id]) if status == 302 else "",
    )
