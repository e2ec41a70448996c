import pytest

from clinic import profiling

pytestmark = pytest.mark.django_db


def test_missing_names_what_a_doctor_needs(make_patient):
    someone = make_patient(
        "someone", phone="0412 345 678", street="1 Example Street", suburb="Hobart", state="TAS"
    )

    assert profiling.missing(someone) == [
        "date of birth",
        "postcode",
        "emergency contact",
        "emergency contact’s telephone number",
    ]


class TestChange:
    def test_writes_one_version_of_what_differs(self, patient):
        changed = profiling.change(
            patient, by=patient.user, suburb="Hobart", family_name=patient.user.family_name
        )

        assert changed
        assert [version.suburb for version in patient.history.all()] == ["Hobart", ""]
        assert patient.history.first().history_user == patient.user
        assert patient.user.history.count() == 1

    def test_writes_nothing_when_nothing_differs(self, patient):
        assert not profiling.change(patient, by=patient.user, suburb="", time_zone="Australia/Sydney")

        assert patient.history.count() == patient.user.history.count() == 1

    def test_changes_the_person_too(self, patient):
        profiling.change(patient, by=patient.user, time_zone="Australia/Perth")

        patient.user.refresh_from_db()
        assert patient.user.time_zone == "Australia/Perth"
