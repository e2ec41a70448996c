"""Which appointments count, wherever that is asked."""

from clinic.models import BOOKED, LIVE, Appointment


class TestStatuses:
    def test_that_keep_a_time_from_others_are_all_but_those_that_gave_it_back(self):
        assert set(Appointment.Status) - set(LIVE) == {"expired", "cancelled", "moved"}

    def test_that_bring_a_patient_into_care_are_those_beyond_the_hold(self):
        assert set(LIVE) - set(BOOKED) == {"held"}
