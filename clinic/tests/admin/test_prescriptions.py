"""Scripts, authorities and papers on the staff site."""

import pytest
from django.urls import reverse

from clinic.models import Approval

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


def authority(doctor, of, **fields):
    return {
        "pathway": "sas_b", "reference": "MC-7", "practitioner": doctor.pk, "patient": of.pk,
        "tga_category": "4", "dose_form": "oral_liquid", "indication": "Chronic pain",
        "from_on": "2026-01-01", "until_on": "2027-01-01", "withdrawn_on": "",
    } | fields  # fmt: skip


class TestPrescription:
    def test_is_looked_at_and_not_changed(self, browser, ready):
        address = reverse("admin:clinic_prescription_change", args=[ready.pk])

        answer = browser.get(address)

        assert answer.status_code == 200
        assert "Take 1 mL by mouth twice a day." in answer.content.decode()
        assert browser.post(address, {"dispense_state": "QLD"}).status_code == 403
        assert browser.get(reverse("admin:clinic_prescription_add")).status_code == 403

    def test_is_not_there_for_a_stranger(self, staff_client, ready, make_doctor):
        stranger = staff_client(make_doctor("stranger").user)

        page, history = [
            stranger.get(reverse(f"admin:clinic_prescription_{name}", args=[ready.pk]))
            for name in ("change", "history")
        ]
        listed = stranger.get(reverse("admin:clinic_prescription_changelist"))

        assert (page.status_code, page.headers["Location"]) == (302, "/admin/")  # as for one that never was
        assert history.status_code == 404
        assert listed.context["cl"].result_count == 0
        assert "Patient Example" not in listed.content.decode()


class TestApproval:
    def test_is_recorded_by_a_doctor_for_themselves(self, browser, encounter, doctor, patient):
        browser.post(reverse("admin:clinic_approval_add"), authority(doctor, patient))

        approval = Approval.objects.get()
        assert (approval.practitioner, approval.patient, approval.tga_category) == (doctor, patient, 4)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("dose_form", "oil"), ("tga_category", "6"), ("pathway", "ap"), ("until_on", "2025-01-01")],
    )
    def test_that_fits_no_rule_is_refused(self, browser, encounter, doctor, patient, field, value):
        answer = browser.post(
            reverse("admin:clinic_approval_add"), authority(doctor, patient, **{field: value})
        )

        assert answer.status_code == 400
        assert Approval.objects.count() == 0

    def test_is_not_recorded_for_a_colleague_or_a_strangers_patient(
        self, browser, encounter, doctor, patient, make_doctor, make_patient
    ):
        for changed in (
            {"practitioner": make_doctor("colleague").pk},
            {"patient": make_patient("neighbour").pk},
        ):
            browser.post(reverse("admin:clinic_approval_add"), authority(doctor, patient, **changed))

        assert Approval.objects.count() == 0

    def test_begins_with_nothing_chosen(self, browser):
        form = browser.get(reverse("admin:clinic_approval_add")).context["adminform"].form

        for name in ("pathway", "tga_category", "dose_form"):
            assert (form[name].value(), form.fields[name].choices[0]) == (None, ("", "Choose"))

    def test_of_a_patient_is_not_a_managers_to_read_or_write(
        self, browser, staff_client, manager, encounter, doctor, patient
    ):
        browser.post(reverse("admin:clinic_approval_add"), authority(doctor, patient))
        boss = staff_client(manager)

        listed = boss.get(reverse("admin:clinic_approval_changelist")).content.decode()
        form = boss.get(reverse("admin:clinic_approval_add")).context["adminform"].form
        boss.post(reverse("admin:clinic_approval_add"), authority(doctor, patient, reference="MC-8"))
        boss.post(
            reverse("admin:clinic_approval_add"), authority(doctor, patient, pathway="ap", reference="AP-1")
        )

        assert ("MC-7" in listed, "patient" in form.fields) == (False, False)
        assert [choice for choice, _ in form.fields["pathway"].choices] == ["ap"]
        assert set(Approval.objects.values_list("reference", flat=True)) == {"MC-7", "AP-1"}


class TestGuard:
    """What the checks would say of a line that is typed."""

    def ask(self, client, encounter, product, **typed):
        line = {"product": product.pk, "quantity": 1, "repeats": 0, "directions": "Take 1 mL at night."}
        return client.post(reverse("admin:clinic_prescription_guard", args=[encounter.pk]), line | typed)

    def test_says_it_before_the_line_is_written(self, browser, ready):
        product = ready.lines.get().product

        fine = self.ask(browser, ready.encounter, product).content.decode()
        vague = self.ask(browser, ready.encounter, product, directions="As directed.").content.decode()

        assert "one supply lasts <b>30 days</b>" in fine
        assert ("not precise enough" in fine, "not precise enough" in vague) == (False, True)
        assert ready.lines.count() == 1

    def test_says_nothing_of_what_cannot_be_a_line_yet(self, browser, ready):
        answer = self.ask(browser, ready.encounter, ready.lines.get().product, directions="")

        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.parametrize(
        ("role", "status"), [("doctor", 404), ("manager", 403), ("reception", 403), ("auditor", 403)]
    )
    def test_is_for_its_doctor_alone(self, staff_client, make_user, ready, role, status):
        client = staff_client(make_user(role, "somebody"))

        assert self.ask(client, ready.encounter, ready.lines.get().product).status_code == status
