"""The manager's screens of hours: what is typed wrong is told in a sentence, and nothing is written."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import AppointmentType, Roster, Slot
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db

ADD, ADD_EXCEPTION = "/admin/clinic/roster/add/", "/admin/clinic/rosterexception/add/"


class TestRoster:
    def test_offers_times_at_once_and_says_how_many(self, boss, hours):
        answer = boss.post(ADD, hours, follow=True)

        offered = Slot.objects.count()
        assert 28 <= offered <= 36
        assert f"{offered} times are offered, 0 withdrawn." in said(answer)

    def test_takes_the_zone_of_the_practitioner(self, boss, hours, make_doctor):
        boss.post(ADD, hours | {"practitioner": make_doctor("tom", zone="Australia/Perth").pk})

        assert Roster.objects.get().time_zone == "Australia/Perth"

    def test_tells_of_times_that_are_booked_outside_new_hours(self, boss, hours, patient, fees):
        boss.post(ADD, hours)
        roster = Roster.objects.get()
        claimed = Slot.objects.order_by("starts_at").last()
        booking.hold(claimed, patient=patient, by=None)
        today = timezone.localdate().isoformat()

        answer = boss.post(
            reverse("admin:clinic_roster_change", args=[roster.pk]), hours | {"until_on": today}, follow=True
        )

        assert (
            "Appointments outside these hours: 1. They are kept until you say what becomes of each."
            in said(answer)
        )
        tomorrow = timezone.now() + timedelta(days=1)
        assert Slot.objects.get(withdrawn_at=None, starts_at__gt=tomorrow) == claimed

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"ends": "09:00"}, "The hours must end after they begin."),
            ({"ends": "08:00"}, "The hours must end after they begin."),
            ({"until_on": "2019-12-31"}, "The last date must not lie before the first."),
            ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not one of the available choices"),
        ],
    )
    def test_says_what_is_wrong(self, boss, hours, wrong, sentence):
        answer = boss.post(ADD, hours | wrong)

        assert answer.status_code == 400
        assert sentence in answer.content.decode()
        assert not Roster.objects.exists()

    @pytest.mark.parametrize("method", ["add", "change"])
    def test_says_what_hours_are_in_the_way(self, boss, hours, method):
        boss.post(ADD, hours)
        boss.post(ADD, hours | {"starts": "10:00", "ends": "11:00"})
        later = Roster.objects.order_by("starts").last()
        address = {"add": ADD, "change": reverse("admin:clinic_roster_change", args=[later.pk])}[method]

        answer = boss.post(address, hours | {"starts": "09:30", "ends": "11:00"})

        assert "The practitioner already has hours then." in answer.content.decode()
        assert [row.starts.hour for row in Roster.objects.order_by("starts")] == [9, 10]

    def test_can_be_withdrawn_for_a_reason(self, boss, hours, manager):
        boss.post(ADD, hours)
        roster = Roster.objects.get()

        press(boss, roster, "withdraw", why="Leaves us.")

        roster.refresh_from_db()
        assert roster.withdrawn_by == manager
        assert not Slot.objects.free(timezone.now()).exists()

    def test_is_only_looked_at_once_it_is_withdrawn(self, boss, hours, manager):
        boss.post(ADD, hours)
        roster = Roster.objects.get()
        rostering.withdraw_hours(roster, by=manager, why="Leaves us.")

        page = boss.get(reverse("admin:clinic_roster_change", args=[roster.pk]))

        assert 'name="starts"' not in page.content.decode()

    def test_is_to_be_looked_at_for_a_doctor(self, doctor, hours, staff_client):
        client = staff_client(doctor.user)

        assert client.get("/admin/clinic/roster/").status_code == 200
        assert client.post(ADD, hours).status_code == 403

    def test_of_a_colleague_is_not_there_for_a_doctor(self, boss, hours, make_doctor, staff_client):
        boss.post(ADD, hours)
        roster, stranger = Roster.objects.get(), staff_client(make_doctor("other").user)

        looked = stranger.get(reverse("admin:clinic_roster_change", args=[roster.pk]))

        assert looked.status_code == 302  # Django's way to say that it is not there
        assert press(stranger, roster, "withdraw", why="Mine now.").status_code == 403

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ("", {"now"}),
            ("state_of=over", {"over"}),
            ("state_of=withdrawn", {"withdrawn"}),
            ("state_of=all", {"now", "over", "withdrawn"}),
        ],
    )
    def test_list_is_of_those_in_force_unless_asked(self, boss, hours, manager, choice, expected):
        boss.post(ADD, hours)
        boss.post(ADD, hours | {"weekday": 1, "until_on": "2020-06-30"})
        boss.post(ADD, hours | {"weekday": 2})
        rostering.withdraw_hours(Roster.objects.get(weekday=2), by=manager, why="Leaves us.")
        names = ["now", "over", "withdrawn"]

        listed = boss.get(f"/admin/clinic/roster/?{choice}").context["cl"].queryset

        assert {names[row.weekday] for row in listed} == expected

    def test_list_asks_the_database_equally_often_for_one_and_three(self, boss, hours):
        boss.post(ADD, hours)
        boss.get("/admin/clinic/roster/")
        with CaptureQueriesContext(connection) as one:
            boss.get("/admin/clinic/roster/")
        for weekday in (1, 2):
            boss.post(ADD, hours | {"weekday": weekday})
        boss.get("/admin/clinic/roster/")

        with CaptureQueriesContext(connection) as three:
            boss.get("/admin/clinic/roster/")

        assert len(one) == len(three)


class TestAppointmentType:
    @pytest.fixture
    def telephone(self, fees) -> dict:
        """What a manager types for a kind of appointment."""
        return {
            "name": "Telephone, 20 minutes", "minutes": 20, "buffer_before": 0, "buffer_after": 5,
            "modality": "voice", "new_fee": "consultation.new", "returning_fee": "consultation.returning",
            "is_offered": "on", "asks": "before_visit",
        }  # fmt: skip

    def test_is_kept_with_its_buffers(self, boss, telephone):
        boss.post("/admin/clinic/appointmenttype/add/", telephone)

        kept = AppointmentType.objects.get()
        assert (kept.minutes, kept.buffer_before, kept.buffer_after) == (20, 0, 5)

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"minutes": 0}, "An appointment takes at least five minutes."),
            ({"minutes": 4}, "An appointment takes at least five minutes."),
            ({"minutes": 481}, "An appointment takes at most eight hours."),
            ({"buffer_before": 121}, "A buffer takes at most two hours."),
            ({"buffer_after": 121}, "A buffer takes at most two hours."),
            ({"new_fee": "consultation.nwe"}, "consultation.nwe is not one of the available choices."),
        ],
    )
    def test_says_what_is_wrong(self, boss, telephone, wrong, sentence):
        answer = boss.post("/admin/clinic/appointmenttype/add/", telephone | wrong)

        assert answer.status_code == 400
        assert sentence in answer.content.decode()
        assert not AppointmentType.objects.exists()

    def test_a_change_brings_the_free_times_in_step(self, boss, hours, telephone, short_visit):
        boss.post(ADD, hours)
        address = reverse("admin:clinic_appointmenttype_change", args=[short_visit.pk])

        answer = boss.post(address, telephone, follow=True)

        weeks = Slot.objects.filter(withdrawn_at__isnull=False).count() // 4
        assert f"{weeks * 2} times are offered, {weeks * 4} withdrawn." in said(answer)
