"""The consultation page: who may open it, what it asks, what it shows."""

import re

import pytest
from django.urls import reverse

from clinic import booking, noting, prescribing
from clinic.models import AuditEvent, Encounter, Note

pytestmark = pytest.mark.django_db
STATEMENTS = 24  # of a page with a draft, everything counted: session, second factor, room, sidebar, audit


def page(encounter: Encounter) -> str:
    return reverse("admin:clinic_encounter_change", args=[encounter.pk])


def form(encounter: Encounter, name: str) -> str:
    return reverse("admin:clinic_encounter_do", args=[encounter.pk, name])


class TestPage:
    def test_opens_for_its_doctor_and_says_so_in_the_trail(self, browser, encounter):
        answer = browser.get(page(encounter))

        assert answer.status_code == 200
        assert answer.context["may_write"] is True
        assert "Patient Example" in answer.content.decode()
        read = AuditEvent.objects.get(action="read", record_id=encounter.pk)
        assert read.patient_id == encounter.patient_id

    def test_is_read_only_for_a_colleague_who_cares_for_the_patient(
        self, staff_client, encounter, make_doctor, make_slot, settle
    ):
        colleague, patient = make_doctor("colleague"), encounter.patient
        settle(booking.hold(make_slot(hours=90, of=colleague), patient=patient, by=patient.user))

        answer = staff_client(colleague.user).get(page(encounter))

        assert (answer.status_code, answer.context["may_write"]) == (200, False)
        assert "Sign note" not in answer.content.decode()

    def test_is_not_there_for_a_stranger(self, staff_client, encounter, make_doctor):
        stranger = staff_client(make_doctor("stranger").user)

        assert stranger.get(page(encounter)).status_code == 404
        assert stranger.post(form(encounter, "start"), {"modality": "video"}).status_code == 404
        assert stranger.post(reverse("admin:clinic_encounter_note", args=[encounter.pk])).status_code == 404
        assert (
            stranger.get(reverse("admin:clinic_encounter_products", args=[encounter.pk])).status_code == 404
        )
        assert stranger.get(reverse("admin:clinic_encounter_history", args=[encounter.pk])).status_code == 404

    @pytest.mark.parametrize("role", ["manager", "reception"])
    def test_is_closed_to_the_desk(self, staff_client, encounter, make_user, role):
        assert staff_client(make_user(role, f"{role}-at-the-desk")).get(page(encounter)).status_code == 403

    def test_is_read_by_an_auditor_who_changes_nothing(self, staff_client, encounter, auditor):
        client = staff_client(auditor)

        answer = client.get(page(encounter))
        sent = [
            client.post(form(encounter, "start"), {"modality": "video"}),
            client.post(reverse("admin:clinic_encounter_note", args=[encounter.pk]), {"plan": "Mine."}),
        ]

        assert (answer.status_code, answer.context["may_write"]) == (200, False)
        assert [refusal.status_code for refusal in sent] == [403, 403]
        assert encounter.segments.count() == 0

    def test_is_kept_from_a_patient(self, client, encounter):
        client.force_login(encounter.patient.user)

        assert client.get(page(encounter)).status_code == 404

    def test_asks_no_more_for_three_drafts_than_for_one(
        self, browser, ready, doctor, make_product, django_assert_max_num_queries
    ):
        browser.get(page(ready.encounter))  # the sidebar's numbers are kept for half a minute
        with django_assert_max_num_queries(STATEMENTS) as one:
            browser.get(page(ready.encounter))
        for name in ("Day Oil", "Noon Oil"):
            prescribing.write(
                ready.encounter,
                product=make_product(name),
                quantity=1,
                directions="Take 1 mL.",
                by=doctor.user,
            )

        with django_assert_max_num_queries(STATEMENTS) as three:
            browser.get(page(ready.encounter))

        assert len(three) == len(one)


class TestForms:
    def test_calls_are_recorded(self, sent, encounter):
        assert sent("start", modality="video") == ["Video call started."]
        assert sent("start", modality="voice") == ["Telephone started."]
        assert sent("stop") == ["The call has ended."]
        assert [s.modality for s in encounter.segments.all()] == ["video", "voice"]

    def test_location_and_identity_are_recorded(self, sent, encounter):
        assert sent("locate", state="QLD") == ["The patient is in Queensland."]
        assert sent("identify", document="Passport", issuer="New Zealand", ending="41X") == [
            "The identity check is recorded."
        ]

        patient = Encounter.objects.get().patient
        assert patient.identity_document == "Passport, New Zealand, ending 41X"

    def test_more_than_three_characters_of_a_document_are_refused(self, browser, encounter):
        answer = browser.post(form(encounter, "identify"), {"document": "Passport", "ending": "N1234567"})

        assert answer.status_code == 400
        assert [*answer.context["identify_form"].errors] == ["ending"]
        assert Encounter.objects.get().patient.identified_at is None

    def test_the_note_is_kept_as_it_is_typed(self, browser, encounter):
        address = reverse("admin:clinic_encounter_note", args=[encounter.pk])

        answer = browser.post(address, {"presenting": "Sleeps badly.", "review_on": "2027-01-05"})

        assert re.match(r"\d{4}-\d\d-\d\dT", answer.json()["saved_at"])
        assert answer.json()["revision"] == 1
        assert Note.objects.get().presenting == "Sleeps badly."

    def test_a_date_that_is_none_is_told_and_nothing_is_kept(self, browser, encounter):
        address = reverse("admin:clinic_encounter_note", args=[encounter.pk])

        answer = browser.post(address, {"presenting": "Sleeps badly.", "review_on": "soon"})

        assert answer.status_code == 400
        assert Note.objects.get().presenting == ""

    def test_a_note_is_signed_as_it_stands_on_the_page(self, sent, browser, encounter):
        assert sent("sign-note", assessment="Insomnia.", plan="Sleep diary.") == [
            "The note is signed and locked."
        ]

        note = Note.objects.get()
        address = reverse("admin:clinic_encounter_note", args=[encounter.pk])
        again = browser.post(address, {"plan": "Something else."})
        assert (note.status, note.plan) == ("signed", "Sleep diary.")
        assert (again.status_code, again.json()) == (
            409,
            {"error": "This note is signed and kept as it is."},
        )

    def test_a_note_without_a_plan_is_not_signed(self, sent):
        assert sent("sign-note", assessment="Insomnia.") == [
            "Write at least an assessment and a plan before you sign."
        ]

    def test_an_unknown_form_is_not_found(self, browser, encounter):
        assert browser.post(form(encounter, "delete")).status_code == 404

    def test_forms_answer_to_post_alone(self, browser, encounter):
        assert browser.get(form(encounter, "start")).status_code == 405


class TestClose:
    def test_says_what_is_still_to_be_done(self, sent, encounter, doctor):
        waiting = sent("close")
        noting.sign(encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")
        done = sent("close")

        assert waiting == ["Sign the note before you close the consultation."]
        assert done == ["The consultation is closed. The patient can still write to you."]


def test_the_appointments_page_starts_the_consultation(staff_client, confirmed, doctor):
    button = reverse("admin:clinic_appointment_consult", args=[confirmed.pk])

    answer = staff_client(doctor.user).post(button, {"_form_submitted": "1"})

    encounter = Encounter.objects.get()
    assert answer.headers["HX-Redirect"] == page(encounter)


def test_another_doctor_does_not_find_the_button(staff_client, confirmed, make_doctor):
    button = reverse("admin:clinic_appointment_consult", args=[confirmed.pk])

    answer = staff_client(make_doctor("stranger").user).post(button, {"_form_submitted": "1"})

    assert answer.status_code == 404
    assert Encounter.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["encounter", "note", "prescription", "approval", "monitoringcheck", "document"]
)
def test_lists_ask_no_more_for_three_rows_than_for_one(
    browser, ready, doctor, make_product, make_approval, django_assert_max_num_queries, name
):
    address = reverse(f"admin:clinic_{name}_changelist")
    browser.get(address)
    with django_assert_max_num_queries(30) as one:
        answer = browser.get(address)
    for number in range(2):
        make_approval(reference=f"MC-{number}")
        prescribing.record_monitoring(ready.encounter, state="VIC", result="no_alert", by=doctor.user)
        prescribing.write(
            ready.encounter,
            product=make_product(f"Oil {number}"),
            quantity=1,
            directions="1 mL.",
            by=doctor.user,
        )
    with django_assert_max_num_queries(30) as three:
        browser.get(address)

    assert answer.status_code == 200
    assert len(three) == len(one)
