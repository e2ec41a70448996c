"""The manager's screens of times."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import Slot

pytestmark = pytest.mark.django_db


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

        assert answer.status_code == 400
        assert "The practitioner already has a time here." in answer.content.decode()
        assert Slot.objects.count() == 1

    def test_says_what_buffer_is_in_the_way(self, boss, doctor, short_visit, slot):
        short_visit.change(buffer_before=5, by=None)
        starts_at = slot.ends_at + timedelta(minutes=4)

        answer = boss.post("/admin/clinic/slot/add/", self.typed(doctor, short_visit, starts_at))

        assert "The practitioner already has a time here." in answer.content.decode()
        assert Slot.objects.count() == 1

    def test_tells_of_which_hours_it_comes(self, boss, slot):
        page = boss.get(reverse("admin:clinic_slot_change", args=[slot.pk])).content.decode()

        assert "An extra time, or hours that have changed since" in page

    @pytest.mark.parametrize(
        ("is_taken", "state"), [(True, "Taken, outside the hours"), (False, "Outside the hours")]
    )
    def test_tells_that_it_lies_outside_the_hours(self, boss, slot, patient, fees, is_taken, state):
        if is_taken:
            booking.hold(slot, patient=patient, by=None)
        slot.change(outside_at=timezone.now(), by=None)

        page = boss.get(reverse("admin:clinic_slot_change", args=[slot.pk])).content.decode()

        assert f">{state}<" in " ".join(page.split()).replace("> ", ">").replace(" <", "<")

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
