"""What somebody who holds a paper is told, and what nobody is told."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic import prescribing, tasks, verifying
from clinic.models import AuditEvent, Document

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
BORN, NOT_BORN = date(1980, 5, 10), date(1980, 10, 5)


@pytest.fixture
def paper(issued) -> Document:
    tasks.render_prescription(str(issued.pk))
    return issued.documents.get(kind="print_and_sign")


class TestConfirm:
    def test_tells_number_dates_status_and_fingerprint(self, paper, issued):
        told = verifying.confirm(paper.secret, born_on=BORN)

        assert told._asdict() == {
            "number": issued.number,
            "issued_on": date.fromisoformat(issued.content["issued_on"]),
            "valid_until_on": issued.valid_until_on,
            "status": "In force",
            "is_good": True,
            "sha256": issued.content_sha256,
            "prescriber": "Dr Doctor Example",
        }

    def test_says_when_it_is_void(self, paper, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        told = verifying.confirm(paper.secret, born_on=BORN)
        assert (told.status, told.is_good) == ("Void", False)

    def test_says_when_its_time_is_over(self, paper, issued):
        with time_machine.travel(timezone.now() + timedelta(days=200)):
            told = verifying.confirm(paper.secret, born_on=BORN)

        assert (told.status, told.is_good) == ("Past its date", False)

    def test_says_nothing_for_another_date(self, paper):
        with pytest.raises(verifying.WrongDate):
            verifying.confirm(paper.secret, born_on=NOT_BORN)

    def test_knows_only_whole_secrets(self, paper):
        for secret in ("", paper.secret[:-1], paper.secret.swapcase(), str(paper.prescription.number)):
            with pytest.raises(verifying.NoSuchPaper):
                verifying.confirm(secret, born_on=BORN)

    def test_stops_listening_after_too_many_wrong_dates_until_tomorrow(self, paper, issued):
        for _ in range(verifying.MOST_WRONG):
            with pytest.raises(verifying.WrongDate):
                verifying.confirm(paper.secret, born_on=NOT_BORN)

        with pytest.raises(verifying.TooManyDates):
            verifying.confirm(paper.secret, born_on=BORN)
        other = issued.documents.get(kind="patient_copy")
        assert verifying.confirm(other.secret, born_on=BORN).number == issued.number
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
            assert verifying.confirm(paper.secret, born_on=BORN).number == issued.number

    def test_every_try_is_in_the_trail_without_the_date(self, paper, patient):
        verifying.confirm(paper.secret, born_on=BORN)
        with pytest.raises(verifying.WrongDate):
            verifying.confirm(paper.secret, born_on=NOT_BORN)

        events = AuditEvent.objects.filter(action="verify", record_id=paper.pk).order_by("at", "pk")
        assert [(e.by, e.outcome, e.patient_id, e.why) for e in events] == [
            (None, "done", patient.pk, ""), (None, "failed", patient.pk, ""),
        ]  # fmt: skip
        assert "1980" not in str([*events.values()])


class TestSecret:
    def test_is_long_of_its_own_and_follows_from_nothing(self, paper, issued):
        secrets = [document.secret for document in issued.documents.all()]

        assert len(set(secrets)) == 2
        for secret in secrets:
            assert len(secret) >= 26  # 160 bits in letters and figures
            assert str(issued.number) not in secret
        assert verifying.address(paper.secret).endswith(f"/verify/{paper.secret}/")
