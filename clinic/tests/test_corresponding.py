"""Letters about a consultation: begun, filled, signed, printed, and never without the patient's yes."""

import datetime
import io
import re
from datetime import date

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django_q.models import OrmQ
from pypdf import PdfReader

from clinic import consenting, consulting, corresponding, documents, letterbook, prescribing, tasks
from clinic.models import ClinicalLetter, LetterText
from config.base import IllegalMove
from messaging.models import Letter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def text(db):
    """A text of the practice, by its kind."""
    return lambda kind: LetterText.objects.get(kind=kind)


@pytest.fixture
def written(ready, doctor, code_of):
    """A consultation with a note and a script."""
    prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
    encounter = ready.encounter
    encounter.note.change(
        by=None, presenting="Pain at night.", examination="", assessment="Chronic pain.", plan="Sleep diary.",
        review_on=date(2027, 1, 15),
    )  # fmt: skip
    return encounter


def agree(patient, *, answer: str = "given") -> None:
    consenting.answer(patient, kind="share_gp", answer=answer, by=patient.user)


class TestBegin:
    def test_fills_the_text_with_the_facts(self, written, doctor, text):
        letter = corresponding.begin(written, text=text("summary"), by=doctor.user)

        assert letter.status == "draft"
        for fact in (
            "Dear Patient Example", "Chronic pain.", "Sleep diary.", "15 January 2027", "Night Oil",
            "Take 1 mL by mouth twice a day.", "Dr Doctor Example",
        ):  # fmt: skip
            assert fact in letter.body
        assert "{" not in letter.body

    def test_leaves_in_braces_what_is_not_known(self, written, doctor, text):
        written.note.change(by=None, review_on=None)

        assert "{review_on}" in corresponding.begin(written, text=text("summary"), by=doctor.user).body

    def test_writes_to_the_gp_only_when_the_patient_said_yes(self, written, doctor, text, patient):
        patient.change(by=None, gp_practice="Corner Practice", gp_address="1 Hill St, Geelong VIC 3220")
        with pytest.raises(corresponding.NoConsent):
            corresponding.begin(written, text=text("gp_letter"), by=doctor.user)
        agree(patient)

        letter = corresponding.begin(written, text=text("gp_letter"), by=doctor.user)
        assert letter.addressee == "Dr Example\nCorner Practice\n1 Hill St, Geelong VIC 3220"

    def test_is_for_the_doctor_of_the_consultation(self, written, make_doctor, text):
        with pytest.raises(consulting.NotTheirs):
            corresponding.begin(written, text=text("summary"), by=make_doctor("colleague").user)


class TestSign:
    @pytest.fixture
    def letter(self, written, doctor, text, patient) -> ClinicalLetter:
        agree(patient)
        return corresponding.begin(written, text=text("gp_letter"), by=doctor.user)

    def test_locks_it_and_makes_its_paper_once(self, letter, doctor, patient):
        corresponding.sign(letter, by=doctor.user)
        for _ in range(2):
            tasks.render_letter(str(letter.pk))

        document = letter.documents.get()
        with default_storage.open(document.file.name) as file:
            reader = PdfReader(io.BytesIO(file.read()))
        words = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        for fact in ("Example Clinic", "Dr Example", "Chronic pain.", "Signed by Dr Doctor Example", "Ahpra"):
            assert fact in words
        assert (document.kind, document.patient, document.prescription) == ("gp_letter", patient, None)
        assert re.search(r'conformance(="|>)A', reader.trailer["/Root"]["/Metadata"].get_data().decode())
        assert "NOT SIGNED" not in words
        for sql in ("UPDATE clinic_clinicalletter SET body = 'x'", "DELETE FROM clinic_clinicalletter"):
            with pytest.raises(IntegrityError), transaction.atomic():
                connection.cursor().execute(sql)

    def test_makes_its_paper_later_if_the_first_attempts_failed(self, letter, doctor, queued_tasks):
        corresponding.sign(letter, by=doctor.user)
        OrmQ.objects.all().delete()

        with time_machine.travel(letter.signed_at + datetime.timedelta(hours=1), tick=False):
            tasks.render_missing()
            assert "clinic.tasks.render_letter" in queued_tasks()
            tasks.render_letter(str(letter.pk))
            OrmQ.objects.all().delete()
            tasks.render_missing()

        assert letter.documents.count() == 1
        assert "clinic.tasks.render_letter" not in queued_tasks()

    def test_tells_the_patient_and_mails_no_clinical_word(self, letter, doctor, patient):
        corresponding.sign(letter, by=doctor.user)
        tasks.render_letter(str(letter.pk))

        (mail,) = Letter.objects.filter(
            template="clinic/mail/document_ready", recipient=patient.user
        ).exclude(created_at__lt=letter.signed_at)
        assert mail.context == {"name": "Patient", "path": "/portal/documents/"}

    def test_asks_for_the_yes_again(self, letter, doctor, patient):
        agree(patient, answer="withdrawn")

        with pytest.raises(corresponding.NoConsent):
            corresponding.sign(letter, by=doctor.user)

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"body": " "}, corresponding.NothingWritten),
            ({"title": ""}, corresponding.NothingWritten),
            ({"body": "See you on {review_on}."}, corresponding.StillBraces),
        ],
    )
    def test_refuses_what_is_not_ready(self, letter, doctor, changes, refusal):
        letter.change(by=None, **changes)

        with pytest.raises(refusal):
            corresponding.sign(letter, by=doctor.user)
        assert ClinicalLetter.objects.get().status == "draft"

    def test_is_for_the_doctor_alone_and_happens_once(self, letter, doctor, make_doctor):
        with pytest.raises(consulting.NotTheirs):
            corresponding.sign(letter, by=make_doctor("colleague").user)
        corresponding.sign(letter, by=doctor.user)
        with pytest.raises(IllegalMove):
            corresponding.sign(letter, by=doctor.user)

    def test_a_void_one_gets_no_paper(self, letter, doctor):
        corresponding.sign(letter, by=doctor.user)
        with pytest.raises(corresponding.NoReason):
            corresponding.cancel(letter, why=" ", by=doctor.user)
        corresponding.cancel(letter, why="To the wrong GP.", by=doctor.user)
        tasks.render_letter(str(letter.pk))

        assert not letter.documents.exists()

    def test_a_draft_is_looked_at_as_one(self, letter):
        reader = PdfReader(io.BytesIO(documents.preview(letter)))

        assert "DRAFT – NOT SIGNED" in reader.pages[0].extract_text()


class TestTexts:
    def test_come_with_the_product_and_stay_as_managers_keep_them(self, text, manager):
        text("summary").change(by=manager, title="Your visit")
        letterbook.ship()

        assert LetterText.objects.count() == 3
        assert text("summary").title == "Your visit"

    def test_name_only_what_is_known(self, text):
        one = text("summary")
        one.body = "Dear {patient}, your {secret}."

        with pytest.raises(ValidationError, match=r"Nothing is known as \{secret\}"):
            one.full_clean()
