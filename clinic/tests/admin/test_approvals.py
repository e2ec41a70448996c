"""The screens of approvals: letters, withdrawals, what ends soon, and the report to the TGA."""

import csv
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import authorising
from clinic.models import Approval, ApprovalReport, AuditEvent
from clinic.tests.admin.conftest import press
from clinic.tests.test_authorising import PDF

pytestmark = pytest.mark.django_db
LIST = reverse("admin:clinic_approval_changelist")
REPORT, CSV, SENT = (
    reverse(f"admin:clinic_approval_{name}") for name in ("report", "report_csv", "report_sent")
)


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


@pytest.fixture
def ap(make_approval) -> Approval:
    begun = authorising.last_period(timezone.localdate()).from_on
    return make_approval(pathway="ap", patient=None, reference="=AP-7", from_on=begun)


def letter(approval: Approval, *more: str) -> str:
    return reverse("_".join(["admin:clinic_approval_letter", *more]), args=[approval.pk])


def upload(data: bytes = PDF) -> dict:
    return {"letter": SimpleUploadedFile("letter.pdf", data)}


class TestLetter:
    def test_comes_in_and_goes_out_for_its_doctor(self, browser, make_approval, files):
        approval = make_approval()

        sent = browser.post(letter(approval, "add"), upload())
        answer = browser.get(letter(approval))

        assert sent.status_code == 302
        assert (answer.content, answer.headers["Content-Type"]) == (PDF, "application/pdf")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert AuditEvent.objects.filter(record_id=approval.pk, action="download").count() == 1

    def test_that_is_none_is_told_and_not_kept(self, browser, make_approval, files):
        approval = make_approval()

        answer = browser.post(letter(approval, "add"), upload(b"<html>"))

        assert answer.status_code == 400
        assert "The letter must be a PDF" in answer.content.decode()
        assert Approval.objects.get().letter.name == ""

    @pytest.mark.parametrize(
        ("role", "status"), [("doctor", 404), ("manager", 404), ("reception", 403), ("auditor", 200)]
    )
    def test_of_a_patient_is_for_its_doctor_and_auditors(
        self, browser, staff_client, make_user, make_approval, files, role, status
    ):
        approval = make_approval()
        browser.post(letter(approval, "add"), upload())
        other = staff_client(make_user(role, "somebody"))

        assert other.get(letter(approval)).status_code == status
        assert other.post(letter(approval, "add"), upload()).status_code in {403, 404}

    def test_is_not_for_patients(self, client, make_approval, patient, browser, files):
        approval = make_approval()
        browser.post(letter(approval, "add"), upload())
        client.force_login(patient.user)

        assert client.get(letter(approval)).status_code in {302, 404}


class TestWithdraw:
    def test_ends_it_and_says_why(self, browser, make_approval):
        approval = make_approval()
        today = timezone.localdate()

        press(browser, approval, "withdraw", on=today.isoformat(), kind="tga", why="Letter of June.")

        approval.refresh_from_db()
        assert (approval.withdrawn_on, approval.withdrawn_as) == (today, "tga")

    def test_is_not_a_strangers(self, staff_client, make_doctor, make_approval):
        approval = make_approval()
        told = {"on": "2026-01-01", "kind": "tga", "why": "So."}

        press(staff_client(make_doctor("stranger").user), approval, "withdraw", **told)

        assert Approval.objects.get().withdrawn_on is None


class TestList:
    def test_shows_what_ends_soon(self, browser, make_approval):
        make_approval(reference="LATE")
        make_approval(reference="SOON", until_on=timezone.localdate() + timedelta(days=12))

        listed = browser.get(LIST + "?which=ending")

        assert [row.reference for row in listed.context["cl"].result_list] == ["SOON"]
        assert "Ends in 12 days" in listed.content.decode()

    def test_leaves_out_what_is_over_unless_asked(self, browser, make_approval):
        today = timezone.localdate()
        make_approval(reference="OLD", from_on=today - timedelta(days=9), until_on=today - timedelta(days=1))

        assert browser.get(LIST).context["cl"].result_count == 0
        assert browser.get(LIST + "?which=all").context["cl"].result_count == 1

    def test_asks_as_much_for_three_as_for_one(self, browser, make_approval):
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                browser.get(LIST)
            return len(captured)

        make_approval(reference="1")
        statements()
        one = statements()
        for reference in "23":
            make_approval(reference=reference)

        assert statements() == one


class TestReport:
    def test_shows_the_last_half_year_of_the_doctor(self, browser, ap):
        answer = browser.get(REPORT)

        assert answer.status_code == 200
        assert answer.context["rows"][0][4:] == ["All products", 0, 0, 0, 0]

    def test_is_taken_along_in_one_click_and_holds_no_formula(self, browser, ap):
        answer = browser.get(browser.get(REPORT).context["query"] and f"{CSV}?")

        rows = list(csv.reader(answer.content.decode().splitlines()))
        assert rows[0] == list(authorising.HEADINGS)
        assert rows[1][1] == "'=AP-7"
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"

    def test_is_noted_as_sent(self, browser, ap, doctor):
        until = authorising.last_period(timezone.localdate()).until_on.isoformat()

        browser.post(SENT, {"practitioner": doctor.pk, "until": until})

        assert ApprovalReport.objects.get().recorded_by == doctor.user
        assert browser.get(REPORT).context["sent"] == ApprovalReport.objects.get()

    def test_of_a_colleague_is_a_managers_to_see_and_not_a_doctors(
        self, browser, staff_client, manager, ap, make_doctor
    ):
        colleague = make_doctor("colleague")
        asked = f"{REPORT}?practitioner={colleague.pk}"

        assert browser.get(asked).status_code == 400
        assert staff_client(manager).get(asked).status_code == 200

    @pytest.mark.parametrize("address", [REPORT, CSV])
    def test_is_not_for_reception(self, staff_client, reception, ap, address):
        assert staff_client(reception).get(address).status_code == 403

    def test_an_auditor_reads_and_does_not_send(self, staff_client, auditor, ap, doctor):
        client = staff_client(auditor)

        assert client.get(REPORT).status_code == 200
        assert client.post(SENT, {"practitioner": doctor.pk}).status_code == 403

    @pytest.mark.parametrize("wrong", ["until=2026-05-05", "until=x", "practitioner=x"])
    def test_what_is_no_half_year_or_doctor_is_told(self, browser, ap, wrong):
        assert browser.get(f"{REPORT}?{wrong}").status_code == 400
