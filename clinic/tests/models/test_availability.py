"""What a time is called."""

from datetime import UTC, datetime

from clinic.models import Practitioner, Slot, User


class TestSlot:
    def test_is_called_by_the_doctors_clock(self):
        doctor = Practitioner(
            user=User(given_name="Ada", family_name="Example"), title="Dr", time_zone="Australia/Perth"
        )
        slot = Slot(practitioner=doctor, starts_at=datetime(2026, 11, 24, 1, 30, tzinfo=UTC))

        assert str(slot) == "Dr Ada Example, Tue 24 Nov 2026, 9:30 am AWST (UTC+08:00)"
