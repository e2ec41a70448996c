"""Registers and figures on the staff site: looked at, taken along, and by whom."""

import csv
import io
from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from clinic import prescribing
from clinic.models import AuditEvent, Override, Segment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
NAMES = ["s8-register", "overrides"]


def page(name: str) -> str:
    return reverse("admin:clinic_register", args=[name])


def file(name: str, kind: str) -> str:
    return reverse("admin:clinic_register_file", args=[name, kind])


@pytest.fixture
def overridden(issued, doctor) -> Override:
    """The script was issued although a check did not hold."""
    return Override.objects.create(
        prescription=issued, name="no_other_script_runs", severity="warn", source="Practice",
        sentence="Another script runs.", reason="=Lost in the post.", recorded_by=doctor.user,
    )  # fmt: skip


class TestRegister:
    @pytest.mark.parametrize(
        ("name", "shown"), [("s8-register", "Night Oil"), ("overrides", "Another script runs.")]
    )
    def test_shows_ones_own_and_says_so_in_the_trail(self, staff_client, overridden, doctor, name, shown):
        text = staff_client(doctor.user).get(page(name)).content.decode()

        assert shown in text
        event = AuditEvent.objects.filter(action="read", trace__register=name).get()
        assert event.by == doctor.user

    @pytest.mark.parametrize("name", NAMES)
    def test_is_closed_to_the_desk_and_empty_for_colleagues(
        self, staff_client, overridden, name, manager, reception, make_doctor
    ):
        for who in (manager, reception):
            client = staff_client(who)
            assert [client.get(page(name)).status_code, client.get(file(name, "csv")).status_code] == [
                403
            ] * 2
        colleague = staff_client(make_doctor("colleague").user)
        assert "Nothing stands in the register" in colleague.get(page(name)).content.decode()

    def test_says_which_days_it_cannot_show(self, staff_client, issued, doctor):
        client = staff_client(doctor.user)
        for asked in ("first=2026-05-02&last=2026-05-01", "first=2020-01-01&last=2026-01-01", "first=May"):
            answer = client.get(f"{page('s8-register')}?{asked}")
            assert answer.status_code == 400
            assert 'role="alert"' in answer.content.decode()
            assert client.get(f"{file('s8-register', 'csv')}?{asked}").status_code == 404

    def test_is_not_there_under_another_name(self, staff_client, doctor):
        client = staff_client(doctor.user)

        assert client.get(page("s4-register")).status_code == 404
        assert client.get(file("s8-register", "exe")).status_code == 404

    def test_asks_no_more_for_three_than_for_one(
        self, staff_client, issued, ready, doctor, make_product, off_guard, django_assert_max_num_queries
    ):
        client = staff_client(doctor.user)
        client.get(page("s8-register"))
        with django_assert_max_num_queries(25) as one:
            client.get(page("s8-register"))
        for number in (1, 2):
            line = prescribing.write(
                ready.encounter, product=make_product(f"Oil {number}"), quantity=1, by=doctor.user,
                directions="Take 0.25 mL at night.", repeats=0,
            )  # fmt: skip
            with off_guard("clinic_prescription"):
                type(issued).objects.filter(pk=line.prescription_id).update(
                    content=issued.content, issued_at=issued.issued_at, issued_by=doctor.user,
                    number=issued.number + number, content_sha256="x",
                )  # fmt: skip

        with django_assert_max_num_queries(25) as three:
            assert len(client.get(page("s8-register")).context["register"].rows) == 3

        assert len(three) == len(one)


class TestFile:
    def test_is_a_table_whose_cells_are_no_formulas(self, staff_client, overridden, doctor):
        answer = staff_client(doctor.user).get(file("overrides", "csv"))

        rows = [*csv.DictReader(io.StringIO(answer.content.decode()))]
        assert [row["Reason"] for row in rows][-1:] == ["'=Lost in the post."]
        assert "attachment" in answer.headers["Content-Disposition"]
        event = AuditEvent.objects.get(action="export")
        assert (event.by, event.trace["register"], event.trace["kind"]) == (doctor.user, "overrides", "csv")

    def test_is_a_paper_with_every_entry(self, staff_client, issued, doctor):
        answer = staff_client(doctor.user).get(file("s8-register", "pdf"))

        reader = PdfReader(io.BytesIO(answer.content))
        text = " ".join(" ".join(one.extract_text() for one in reader.pages).split())
        for value in (str(issued.number), "Patient Example", "Night Oil", "SafeScript", "MC26/104233"):
            assert value in text
        assert [*reader.attachments] == ["s8-register.json"]

    def test_asks_for_a_fresh_second_factor(self, staff_client, issued, doctor):
        client = staff_client(doctor.user)
        session = client.session
        session["second_factor_at"] = (timezone.now() - timedelta(minutes=6)).timestamp()
        session.save()

        answer = client.get(file("s8-register", "csv"))

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("otp-verify"))
        assert not AuditEvent.objects.filter(action="export").exists()


class TestFigures:
    def test_are_numbers_without_a_patient_or_a_medicine(self, staff_client, issued, manager):
        text = staff_client(manager).get(reverse("admin:clinic_watch_changelist")).content.decode()

        assert "Dr Doctor Example" in text
        assert "12 min" in text
        for kept_back in ("Patient Example", "Night Oil", str(issued.number)):
            assert kept_back not in text

    def test_leave_out_a_clock_that_nobody_stopped(self, staff_client, issued, manager, off_guard):
        with off_guard("clinic_segment"):
            Segment.objects.update(ended_at=F("started_at") + timedelta(hours=5))

        text = staff_client(manager).get(reverse("admin:clinic_watch_changelist")).content.decode()

        assert "300 min" not in text

    def test_lead_to_no_list_that_is_shut(self, staff_client, issued, manager, doctor):
        address = reverse("admin:clinic_watch_changelist")
        scripts = f'href="{reverse("admin:clinic_prescription_changelist")}"'

        assert scripts not in staff_client(manager).get(address).content.decode()
        assert scripts in staff_client(doctor.user).get(address).content.decode()

    def test_are_ones_own_for_a_doctor_and_nothing_for_the_desk(
        self, staff_client, issued, make_doctor, reception, auditor
    ):
        address = reverse("admin:clinic_watch_changelist")
        colleague = staff_client(make_doctor("colleague").user).get(address).content.decode()

        assert "Dr Doctor Example" not in colleague
        assert staff_client(reception).get(address).status_code == 403
        assert "Dr Doctor Example" in staff_client(auditor).get(address).content.decode()

    def test_ask_the_same_few_statements_for_many_doctors(
        self, staff_client, issued, manager, make_doctor, django_assert_max_num_queries
    ):
        client, address = staff_client(manager), reverse("admin:clinic_watch_changelist")
        client.get(address)
        with django_assert_max_num_queries(20) as one:
            client.get(address)
        for name in ("ada", "bob", "cyd"):
            make_doctor(name)

        with django_assert_max_num_queries(20) as four:
            client.get(address)

        assert len(four) == len(one)
