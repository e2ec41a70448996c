"""The panel of a patient's care: who sees it, who writes in it, what comes back."""

import pytest
from django.urls import reverse

from clinic import caring
from clinic.models import Allergy, Condition, NoneKnown

pytestmark = pytest.mark.django_db


def address(patient, name: str) -> str:
    return reverse("admin:clinic_patient_care", args=[patient.pk, name])


def page(patient) -> str:
    return reverse("admin:clinic_patient_change", args=[patient.pk])


@pytest.fixture
def browser(staff_client, doctor, encounter):
    return staff_client(doctor.user)


@pytest.fixture
def sent(browser, patient):
    """Send one form as the page's script does."""
    return lambda name, /, **values: browser.post(address(patient, name), values, headers={"X-Part": "care"})


class TestForms:
    @pytest.mark.parametrize(
        ("name", "values", "told"),
        [
            ("allergy", {"substance": "Latex", "severity": "severe"}, "Allergy to Latex is on record."),
            ("condition", {"name": "Asthma", "code": "195967001"}, "Asthma is on record."),
            ("medicine", {"name": "Sertraline", "dose": "50 mg"}, "Sertraline is on record."),
            ("alert", {"text": "Interpreter."}, "The alert stands on top of the record."),
            ("none", {"kind": "allergies"}, "Allergies: none known, recorded."),
            ("gp", {"gp_name": "Dr Ito"}, "The usual GP is recorded."),
            (
                "answer",
                {"kind": "share_gp", "answer": "declined"},
                "Letters to the usual GP: declined, recorded.",
            ),
        ],
    )  # fmt: skip
    def test_what_was_sent_stands_on_the_panel_that_comes_back(self, sent, name, values, told):
        answer = sent(name, **values)

        assert (answer.status_code, answer.context["told"]) == (200, told)
        assert "data-care" in answer.content.decode()
        assert "<html" not in answer.content.decode()

    @pytest.mark.parametrize(
        ("name", "values", "told"),
        [
            ("allergy", {"substance": ""}, "Allergy to: This field is required."),
            ("condition", {"name": "Asthma", "code": "195967002"}, "not a SNOMED CT identifier"),
            ("gp", {"gp_phone": "12"}, "telephone number"),
            ("answer", {"kind": "share_gp", "answer": "withdrawn"}, "nothing to withdraw"),
            ("answer", {"kind": "fees", "answer": "given"}, "kind"),
            ("none", {"kind": "everything"}, "kind"),
        ],
    )
    def test_what_cannot_be_kept_is_told_and_what_was_typed_stays(self, sent, name, values, told):
        answer = sent(name, **values)

        assert answer.status_code == 400
        assert told in answer.context["told"]
        assert not Condition.objects.exists()
        assert not Allergy.objects.exists()

    def test_ending_asks_why_and_keeps_it(self, sent, patient, doctor):
        allergy = caring.add_allergy(patient, substance="Penicillin", by=doctor.user)

        unexplained = sent("end", kind="allergy", fact=allergy.pk)
        answer = sent("end", kind="allergy", fact=allergy.pk, why="Tested, none.")

        assert (unexplained.status_code, answer.status_code) == (400, 200)
        assert [str(fact) for fact in answer.context["ended"]] == ["Penicillin"]

    def test_a_fact_of_somebody_else_is_not_found(self, sent, doctor, make_patient):
        other = Allergy.objects.add(by=None, patient=make_patient("other"), substance="Latex")

        assert sent("end", kind="allergy", fact=other.pk, why="Mine.").status_code == 404
        assert Allergy.objects.standing().count() == 1

    def test_without_scripts_it_leads_back_to_the_page_it_stood_on(self, browser, patient, encounter):
        values = {"substance": "Penicillin"}
        from_patient = browser.post(address(patient, "allergy"), values)
        from_visit = browser.post(address(patient, "alert"), {"text": "Hm.", "encounter": encounter.pk})

        assert from_patient.url == page(patient) + "#care"
        assert from_visit.url == reverse("admin:clinic_encounter_change", args=[encounter.pk]) + "#care"

    def test_answer_to_post_alone_and_by_their_names(self, browser, patient):
        assert browser.get(address(patient, "allergy")).status_code == 405
        assert browser.post(address(patient, "surgery")).status_code == 404


class TestOwnerAndStranger:
    def test_a_doctor_elsewhere_does_not_find_it(self, staff_client, encounter, patient, make_doctor):
        stranger = staff_client(make_doctor("stranger").user)

        assert stranger.post(address(patient, "allergy"), {"substance": "Latex"}).status_code == 404

    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_others_change_nothing(self, staff_client, encounter, patient, make_user, role):
        client = staff_client(make_user(role, "somebody"))

        assert client.post(address(patient, "allergy"), {"substance": "Latex"}).status_code == 403
        assert not Allergy.objects.exists()

    @pytest.mark.parametrize(("role", "shown"), [("manager", False), ("reception", False), ("auditor", True)])
    def test_only_who_reads_the_record_sees_it(
        self, staff_client, encounter, patient, doctor, make_user, role, shown
    ):
        caring.add_allergy(patient, substance="Penicillin", by=doctor.user)

        html = staff_client(make_user(role, "somebody")).get(page(patient)).content.decode()

        assert ("Penicillin" in html) == shown
        assert "Add an allergy" not in html

    def test_the_doctor_writes_in_it_on_the_patients_page(self, browser, patient):
        assert "Add an allergy" in browser.get(page(patient)).content.decode()


class TestNoneKnown:
    def test_holds_until_something_is_written_down(self, sent, patient, doctor):
        sent("none", kind="allergies")
        before = sent("gp").context["allergies"].none
        allergy = caring.add_allergy(patient, substance="Penicillin", by=doctor.user)
        caring.end(allergy, why="A mistake.", by=doctor.user)

        after = sent("gp").context["allergies"].none

        assert before == NoneKnown.objects.get()
        assert after is None


def test_the_panel_asks_no_more_for_a_long_record(sent, patient, doctor, django_assert_max_num_queries):
    sent("gp")
    with django_assert_max_num_queries(20) as few:
        sent("gp")
    for number in range(12):
        caring.add_allergy(patient, substance=f"Substance {number}", by=doctor.user)
        caring.answer(patient, kind="share_gp", answer="given", by=doctor.user)
    with django_assert_max_num_queries(20) as many:
        sent("gp")

    assert len(many) == len(few)
