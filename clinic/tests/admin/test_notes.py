"""Notes as they were signed, and the templates with which they begin."""

import pytest
from django.urls import reverse

from clinic import noting
from clinic.models import AuditEvent, Note, NoteTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(encounter, doctor):
    noting.sign(encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")
    noting.add(encounter.note, text="Also has asthma.", reason="Forgotten", by=doctor.user)
    return Note.objects.get()


def page(note: Note) -> str:
    return reverse("admin:clinic_note_change", args=[note.pk])


class TestAsSigned:
    def test_shows_the_words_and_that_they_are_those(self, staff_client, signed, doctor):
        html = staff_client(doctor.user).get(page(signed)).content.decode()

        assert html.count("These are the words that were signed.") == 2
        assert all(words in html for words in ("Insomnia.", "Diary.", "Also has asthma.", "Forgotten"))
        assert AuditEvent.objects.filter(action="read", record_id=signed.pk).count() == 1

    def test_tells_when_they_are_not(self, staff_client, signed, doctor, off_guard):
        with off_guard("clinic_note") as cursor:
            cursor.execute("UPDATE clinic_note SET content = jsonb_set(content, '{patient}', '\"Else\"')")

        html = staff_client(doctor.user).get(page(signed)).content.decode()

        assert "These are not the words that were signed" in html

    def test_a_draft_shows_none_of_its_words(self, staff_client, encounter, doctor, auditor):
        noting.save(encounter.note, by=doctor.user, plan="Half a thought.")

        for reader in (doctor.user, auditor):
            assert "Half a thought." not in staff_client(reader).get(page(encounter.note)).content.decode()

    def test_is_for_who_reads_the_record(self, staff_client, signed, make_doctor, make_user, auditor):
        assert staff_client(auditor).get(page(signed)).status_code == 200
        assert staff_client(make_doctor("stranger").user).get(page(signed)).status_code == 404
        for role in ("manager", "reception"):
            assert staff_client(make_user(role, f"{role}-here")).get(page(signed)).status_code == 403

    def test_is_not_changed_there(self, staff_client, signed, doctor):
        staff_client(doctor.user).post(page(signed), {"plan": "Else."})

        assert Note.objects.get().plan == "Diary."


class TestTemplates:
    WORDS = {"name": "Sleep", "plan": "Sleep diary.", "review_weeks": "4", "is_offered": "on"}

    @pytest.mark.parametrize("role", ["manager", "doctor"])
    def test_are_written_by_managers_and_doctors(self, staff_client, make_user, role):
        user = make_user(role, "writer")

        staff_client(user).post(reverse("admin:clinic_notetemplate_add"), self.WORDS)

        template = NoteTemplate.objects.get()
        assert (template.plan, template.history.get().history_user) == ("Sleep diary.", user)

    @pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("reception", 403)])
    def test_are_not_written_by_others(self, staff_client, make_user, role, status):
        client = staff_client(make_user(role, "reader"))

        assert client.post(reverse("admin:clinic_notetemplate_add"), self.WORDS).status_code == status
        assert not NoteTemplate.objects.exists()

    def test_a_review_beyond_two_years_is_told(self, staff_client, manager):
        answer = staff_client(manager).post(
            reverse("admin:clinic_notetemplate_add"), self.WORDS | {"review_weeks": "200"}
        )

        assert answer.status_code == 400
        assert "within 1 to 104 weeks" in answer.content.decode()

    def test_the_list_asks_no_more_for_three_than_for_one(
        self, staff_client, manager, django_assert_max_num_queries
    ):
        client, address = staff_client(manager), reverse("admin:clinic_notetemplate_changelist")
        NoteTemplate.objects.add(by=manager, name="Sleep")
        client.get(address)
        with django_assert_max_num_queries(20) as one:
            client.get(address)
        for number in range(2):
            NoteTemplate.objects.add(by=manager, name=f"Pain {number}")
        with django_assert_max_num_queries(20) as three:
            client.get(address)

        assert len(one) == len(three)
