"""The manager's screens of hours and times."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import AppointmentType, Roster, Slot

pytestmark = pytest.mark.django_db

ADD = "/admin/clinic/roster/add/"


@pytest.fixture
def boss(manager, staff_client):
    return staff_client(manager)


@pytest.fixture
def hours(doctor, short_visit) -> dict:
    """What a manager types for Mondays from nine to ten."""
    return {
        "practitioner": doctor.pk,
        "appointment_type": short_visit.pk,
        "weekday": 0,
        "starts": "09:00",
        "ends": "10:00",
        "time_zone": "",
        "from_on": "2020-01-01",
        "until_on": "",
    }


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


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
        booking.hold(Slot.objects.order_by("starts_at").last(), patient=patient, by=None)
        today = timezone.localdate().isoformat()

        answer = boss.post(
            reverse("admin:clinic_roster_change", args=[roster.pk]), hours | {"until_on": today}, follow=True
        )

        assert said(answer)[3] == (
            "Booked times outside these hours, which are kept: 1."
            " Look at the appointments and speak with the patients."
        )
        assert (
            Slot.objects.filter(withdrawn_at=None, starts_at__gt=timezone.now() + timedelta(days=1)).count()
            == 1
        )

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"ends": "09:00"}, "The hours must end after they begin."),
            ({"until_on": "2019-12-31"}, "The last date must not lie before the first."),
            ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not one of the available choices"),
        ],
    )
    def test_says_what_is_wrong(self, boss, hours, wrong, sentence):
        answer = boss.post(ADD, hours | wrong)

        assert sentence in answer.content.decode()
        assert not Roster.objects.exists()

    def test_is_to_be_looked_at_for_a_doctor(self, doctor, hours, staff_client):
        client = staff_client(doctor.user)

        assert client.get("/admin/clinic/roster/").status_code == 200
        assert client.post(ADD, hours).status_code == 403


class TestAppointmentType:
    def test_takes_time(self, boss):
        answer = boss.post(
            "/admin/clinic/appointmenttype/add/",
            {"name": "None", "minutes": 0, "modality": "video", "new_fee": "a", "returning_fee": "b"},
        )

        assert answer.status_code == 200
        assert not AppointmentType.objects.exists()


class TestSlot:
    def typed(self, doctor, kind, starts_at) -> dict:
        local = timezone.localtime(starts_at)
        return {
            "practitioner": doctor.pk,
            "appointment_type": kind.pk,
            "starts_at_0": f"{local:%Y-%m-%d}",
            "starts_at_1": f"{local:%H:%M}",
        }

    def test_can_be_added_beside_the_hours(self, boss, doctor, short_visit):
        starts_at = (timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0)

        boss.post("/admin/clinic/slot/add/", self.typed(doctor, short_visit, starts_at))

        slot = Slot.objects.get()
        assert (slot.starts_at, slot.ends_at) == (starts_at, starts_at + timedelta(minutes=15))

    def test_says_what_is_in_the_way(self, boss, doctor, short_visit, slot):
        starts_at = slot.starts_at + timedelta(minutes=5)

        answer = boss.post("/admin/clinic/slot/add/", self.typed(doctor, short_visit, starts_at))

        assert "The practitioner already has a time here." in answer.content.decode()
        assert Slot.objects.count() == 1

    def test_lies_ahead(self, boss, doctor, short_visit):
        answer = boss.post(
            "/admin/clinic/slot/add/", self.typed(doctor, short_visit, timezone.now() - timedelta(hours=1))
        )

        assert "This time has passed. Choose one ahead." in answer.content.decode()
        assert not Slot.objects.exists()

    def test_can_be_withdrawn(self, boss, slot, manager):
        boss.post(
            reverse("admin:clinic_slot_withdraw", args=[slot.pk]),
            {"_form_submitted": "True", "why": "Training."},
        )

        slot.refresh_from_db()
        assert slot.withdrawn_by == manager

    def test_is_withdrawn_by_managers_only(self, slot, doctor, staff_client):
        answer = staff_client(doctor.user).post(
            reverse("admin:clinic_slot_withdraw", args=[slot.pk]), {"_form_submitted": "True", "why": "Golf."}
        )

        slot.refresh_from_db()
        assert (answer.status_code, slot.withdrawn_at) == (403, None)

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ("", {"free", "taken", "withdrawn"}),
            ("when=past", {"past"}),
            ("when=all", {"past", "free", "taken", "withdrawn"}),
            ("taken=no", {"free"}),
            ("taken=yes", {"taken"}),
            ("taken=withdrawn", {"withdrawn"}),
        ],
    )
    def test_list_is_of_those_ahead_unless_asked(
        self, boss, make_slot, patient, fees, manager, choice, expected
    ):
        slots = {
            "past": make_slot(-5),
            "free": make_slot(5),
            "taken": make_slot(6),
            "withdrawn": make_slot(7),
        }
        booking.hold(slots["taken"], patient=patient, by=None)
        rostering.withdraw(slots["withdrawn"], by=manager, why="Training.")

        listed = boss.get(f"/admin/clinic/slot/?{choice}").context["cl"].queryset

        assert set(listed) == {slots[name] for name in expected}

    def test_list_asks_the_database_equally_often_for_one_and_three(self, boss, make_slot):
        make_slot(24)
        boss.get("/admin/clinic/slot/")
        with CaptureQueriesContext(connection) as one:
            boss.get("/admin/clinic/slot/")
        make_slot(48)
        make_slot(72)

        with CaptureQueriesContext(connection) as three:
            boss.get("/admin/clinic/slot/")

        assert len(one) == len(three)
