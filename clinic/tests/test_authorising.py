"""Approvals of the TGA: their worth on a day, letters, withdrawals and the half-yearly report."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import authorising, prescribing
from clinic.models import Approval, ApprovalReport, Prescription, PrescriptionLine
from config import printing

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\nrest"
DAY = date(2026, 7, 1)
SECOND_HALF = authorising.Period(date(2026, 7, 1), date(2026, 12, 31))


@pytest.fixture
def approval(make_approval) -> Approval:
    return make_approval(from_on=date(2026, 1, 1), until_on=date(2027, 1, 1))


class TestPeriods:
    @pytest.mark.parametrize(
        ("day", "first", "last"),
        [
            (date(2026, 1, 1), date(2026, 1, 1), date(2026, 6, 30)),
            (date(2026, 6, 30), date(2026, 1, 1), date(2026, 6, 30)),
            (date(2026, 7, 1), date(2026, 7, 1), date(2026, 12, 31)),
            (date(2026, 12, 31), date(2026, 7, 1), date(2026, 12, 31)),
        ],
    )
    def test_end_in_june_and_december(self, day, first, last):
        assert authorising.half_year(day) == (first, last)

    def test_the_last_one_is_over(self):
        assert authorising.last_period(date(2026, 11, 26)).until_on == date(2026, 6, 30)
        assert [one.until_on for one in authorising.periods(date(2026, 1, 1), count=3)] == [
            date(2026, 6, 30),
            date(2025, 12, 31),
            date(2025, 6, 30),
        ]


class TestStanding:
    @pytest.mark.parametrize(
        ("fields", "standing"),
        [
            ({}, "active"),
            ({"from_on": DAY, "until_on": DAY}, "active"),
            ({"from_on": DAY + timedelta(days=1)}, "coming"),
            ({"until_on": DAY - timedelta(days=1)}, "expired"),
            ({"applied_on": DAY}, "pending"),
            ({"applied_on": date(2026, 1, 1), "decided_on": DAY + timedelta(days=1)}, "pending"),
            ({"applied_on": date(2026, 1, 1), "decided_on": DAY}, "active"),
            ({"withdrawn_on": DAY, "withdrawn_as": "tga"}, "withdrawn"),
            ({"withdrawn_on": DAY, "withdrawn_as": "superseded"}, "superseded"),
            ({"withdrawn_on": DAY + timedelta(days=1), "withdrawn_as": "tga"}, "active"),
        ],
    )
    def test_follows_from_the_dates(self, approval, fields, standing):
        approval.change(by=None, **fields)

        assert approval.standing(DAY) == standing
        assert Approval.objects.in_force(DAY).exists() is (standing == "active")

    @pytest.mark.parametrize(("days", "ends"), [(30, True), (31, False)])
    def test_ending_is_within_so_many_days(self, approval, days, ends):
        approval.change(by=None, until_on=DAY + timedelta(days=days))

        assert Approval.objects.ending(DAY, days=30).exists() is ends


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": ""},
        {"indication": ""},
        {"applied_on": date(2026, 2, 1), "decided_on": date(2026, 1, 1)},
        {"withdrawn_as": "tga"},
        {"letter": "approvals/a.pdf"},
        {"pathway": "ap"},
        {"patient": None},
        {"tga_category": 6},
        {"until_on": date(2025, 1, 1)},
    ],
)
def test_the_database_refuses_what_cannot_be(approval, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(**fields)


class TestLetter:
    @pytest.mark.parametrize(("data", "kind"), [(PDF, "pdf"), (PNG, "png"), (b"\xff\xd8\xffrest", "jpg")])
    def test_is_kept_as_it_came(self, approval, doctor, files, data, kind):
        authorising.keep_letter(approval, data=data, by=doctor.user)

        assert authorising.read_letter(Approval.objects.get()) == (data, kind)
        assert approval.history.first().history_user == doctor.user

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"<html>%PDF-</html>",
            b"%PDF-1.7 cut off",
            b"MZ\x90\x00",
            b"GIF89a",
            b"%PDF-" + b"x" * 11_000_000,
        ],
        ids=["empty", "page", "half", "program", "gif", "large"],
    )
    def test_is_a_pdf_or_a_picture(self, approval, doctor, files, data):
        with pytest.raises(authorising.NotALetter):
            authorising.keep_letter(approval, data=data, by=doctor.user)

        assert (Approval.objects.get().letter.name, [*files.iterdir()]) == ("", [])

    def test_that_was_tampered_with_is_not_given_back(self, approval, doctor, files):
        authorising.keep_letter(approval, data=PDF, by=doctor.user)
        (stored,) = files.rglob("*.pdf")
        stored.write_bytes(PDF + b" ")

        with pytest.raises(printing.Damaged):
            authorising.read_letter(Approval.objects.get())

    def test_that_is_not_there_is_told(self, approval):
        with pytest.raises(authorising.NotALetter, match="No letter is kept"):
            authorising.read_letter(approval)


class TestWithdraw:
    def test_ends_it_with_a_reason(self, approval, doctor):
        authorising.withdraw(approval, on=DAY, kind="tga", why=" Letter of June. ", by=doctor.user)

        version = approval.history.first()
        assert (approval.withdrawn_on, approval.withdrawn_as) == (DAY, "tga")
        assert (version.history_user, version.history_change_reason) == (doctor.user, "Letter of June.")

    def test_is_done_once(self, approval, doctor):
        authorising.withdraw(approval, on=DAY, kind="tga", why="So.", by=doctor.user)

        with pytest.raises(authorising.WithdrawnBefore):
            authorising.withdraw(approval, on=DAY, kind="mistake", why="So.", by=doctor.user)


@pytest.fixture
def ap(make_approval) -> Approval:
    return make_approval(
        pathway="ap", patient=None, reference="AP-7", from_on=date(2026, 1, 1), until_on=date(2030, 1, 1)
    )


@pytest.fixture
def gave(encounter, make_product, doctor, make_patient):
    """Issue a script under the authority on a day, to the patient of that name."""
    product = make_product()
    people = {"ada": encounter.patient}

    def do(
        approval: Approval, day: str, who: str = "ada", name: str = "Night Oil", at: str = "02:00"
    ) -> Prescription:
        patient = people.setdefault(who, None) or make_patient(who)
        people[who] = patient
        script = Prescription.objects.add(
            by=None,
            encounter=encounter,
            patient=patient,
            practitioner=doctor,
            schedule="S8",
            indication=approval.indication,
        )
        PrescriptionLine.objects.add(
            by=None, prescription=script, product=product, quantity=1, directions="x"
        )
        script.move_to(
            "issued", by=None, number=Prescription.objects.count(), approval=approval,
            content={"lines": [{"name": name, "strength": "THC 25 mg/mL"}]}, content_sha256="0" * 64,
            issued_at=datetime.fromisoformat(f"{day}T{at}:00Z"), issued_by=doctor.user,
            valid_until_on=date(2027, 1, 1),
        )  # fmt: skip
        return script

    return do


class TestReport:
    def test_counts_patients_and_tells_the_first_from_the_others(self, ap, gave, doctor):
        gave(ap, "2026-03-01")
        gave(ap, "2026-08-01")
        gave(ap, "2026-09-01")
        gave(ap, "2026-08-02", "ben", name="Day Oil")
        gave(ap, "2026-10-02", "ben")

        (found,) = authorising.figures(doctor, SECOND_HALF)

        assert (found.patients, len(found.initial), len(found.continuing), found.scripts) == (2, 1, 1, 4)
        assert {name: len(who) for name, who in found.products.items()} == {
            "Night Oil, THC 25 mg/mL": 2,
            "Day Oil, THC 25 mg/mL": 1,
        }

    def test_leaves_out_what_is_void_or_under_another_authority(self, ap, gave, doctor, make_approval):
        prescribing.cancel(gave(ap, "2026-08-01"), by=doctor.user, why="Another dose.")
        gave(make_approval(), "2026-08-01")

        assert [found.scripts for found in authorising.figures(doctor, SECOND_HALF)] == [0]

    def test_goes_by_the_doctors_calendar(self, ap, gave, doctor):
        gave(ap, "2026-06-30", at="13:59")  # a minute before midnight in Sydney
        gave(ap, "2026-06-30", "ben", at="14:00")  # midnight

        found = [
            authorising.figures(doctor, period)[0].scripts
            for period in (authorising.half_year(date(2026, 6, 1)), SECOND_HALF)
        ]

        assert found == [1, 1]

    def test_names_nobody(self, ap, gave, doctor):
        gave(ap, "2026-08-01")

        rows = authorising.table(doctor, SECOND_HALF)

        assert rows[0][5:10] == ["All products", 1, 1, 0, 1]
        assert rows[1][5:9] == ["Night Oil, THC 25 mg/mL", 1, 1, 0]
        assert all(len(row) == len(authorising.HEADINGS) for row in rows)
        assert "Patient" not in str(rows)

    def test_costs_as_much_for_many_scripts_as_for_one(self, ap, gave, doctor, django_assert_num_queries):
        for month in (7, 8, 9):
            gave(ap, f"2026-{month:02}-03")

        with django_assert_num_queries(2):
            authorising.table(doctor, SECOND_HALF)

    def test_is_noted_as_sent_once_and_not_before_its_time(self, doctor):
        with pytest.raises(authorising.NotYet):
            authorising.note_sent(doctor, SECOND_HALF, today=date(2026, 12, 31), by=doctor.user)

        authorising.note_sent(doctor, SECOND_HALF, today=date(2027, 1, 1), by=doctor.user)

        with pytest.raises(authorising.SentBefore):
            authorising.note_sent(doctor, SECOND_HALF, today=date(2027, 1, 1), by=doctor.user)
        assert ApprovalReport.objects.get().recorded_by == doctor.user
        assert ApprovalReport.objects.get().recorded_at <= timezone.now()
