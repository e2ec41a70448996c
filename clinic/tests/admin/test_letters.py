"""Letters on the staff site: begun from a consultation, written, looked at, signed; and the texts."""

import pytest
from django.urls import reverse

from clinic import corresponding, tasks
from clinic.models import ClinicalLetter, LetterText

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def page(name: str, *args) -> str:
    return reverse(f"admin:clinic_clinicalletter_{name}", args=args)


@pytest.fixture
def text(db):
    return LetterText.objects.get(kind="certificate")


@pytest.fixture
def letter(encounter, doctor, text):
    return corresponding.begin(encounter, text=text, by=doctor.user)


class TestLetter:
    def test_from_the_first_click_to_the_signature(self, staff_client, encounter, doctor, text):
        client = staff_client(doctor.user)
        assert "Medical certificate" in client.get(page("begin", encounter.pk)).content.decode()
        client.post(page("begin", encounter.pk), {"text": text.pk})
        letter = ClinicalLetter.objects.get()

        kept = client.post(
            page("change", letter.pk),
            {"addressee": "", "title": "Certificate", "body": "Unfit for two days."},
        )
        looked_at = client.get(page("preview", letter.pk))
        client.post(page("sign", letter.pk), {"_form_submitted": "on"})

        letter.refresh_from_db()
        assert (kept.status_code, looked_at.status_code) == (302, 200)
        assert looked_at.content.startswith(b"%PDF")
        assert (letter.status, letter.content["body"]) == ("signed", "Unfit for two days.")
        assert client.post(page("change", letter.pk), {"title": "x", "body": "y"}).status_code == 403

    def test_begins_with_a_text_of_ours(self, staff_client, encounter, doctor):
        client = staff_client(doctor.user)

        for sent in ("", "x", str(encounter.pk)):
            assert client.post(page("begin", encounter.pk), {"text": sent}).status_code == 400
        assert not ClinicalLetter.objects.exists()

    def test_is_not_for_strangers_nor_the_desk(
        self, staff_client, encounter, letter, make_doctor, manager, reception, auditor
    ):
        stranger = staff_client(make_doctor("stranger").user)
        addresses = [page("begin", encounter.pk), page("preview", letter.pk), page("history", letter.pk)]

        assert [stranger.get(address).status_code for address in addresses] == [404, 404, 404]
        assert stranger.get(page("changelist")).context["cl"].result_count == 0
        for who in (manager, reception):
            assert staff_client(who).get(page("changelist")).status_code == 403
            assert staff_client(who).get(page("begin", encounter.pk)).status_code == 403
        assert staff_client(auditor).get(page("change", letter.pk)).status_code == 200
        assert (
            staff_client(auditor).post(page("sign", letter.pk), {"_form_submitted": "on"}).status_code == 403
        )

    def test_asks_no_more_for_three_than_for_one(
        self, staff_client, letter, encounter, doctor, text, django_assert_max_num_queries
    ):
        client = staff_client(doctor.user)
        client.get(page("changelist"))
        with django_assert_max_num_queries(25) as one:
            client.get(page("changelist"))
        for _ in range(2):
            corresponding.begin(encounter, text=text, by=doctor.user)

        with django_assert_max_num_queries(25) as three:
            assert client.get(page("changelist")).context["cl"].result_count == 3

        assert len(three) == len(one)


class TestTexts:
    def test_are_kept_by_managers_and_not_by_doctors(self, staff_client, text, manager, doctor):
        address = reverse("admin:clinic_lettertext_change", args=[text.pk])
        told = {
            "kind": "certificate",
            "name": "Certificate",
            "title": "For work",
            "body": "{patient} is unfit.",
        }

        assert staff_client(doctor.user).post(address, told).status_code == 403
        client = staff_client(manager)
        assert client.post(address, told | {"body": "{nothing}"}).status_code == 400
        assert client.post(address, told).status_code == 302
        text.refresh_from_db()
        assert text.title == "For work"


class TestThePatient:
    def test_reads_a_signed_one_among_the_documents(self, client, letter, doctor, patient):
        letter.change(by=None, body="Unfit for two days.")
        corresponding.sign(letter, by=doctor.user)
        tasks.render_letter(str(letter.pk))
        client.force_login(patient.user)

        text = client.get(reverse("documents")).content.decode()
        assert "Medical certificate" in text
        assert client.get(reverse("file", args=[letter.documents.get().pk])).status_code == 200
