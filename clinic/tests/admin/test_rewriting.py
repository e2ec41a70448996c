"""Writing again and favourites, on the consultation page and on their own."""

import pytest
from django.urls import reverse

from clinic import prescribing, rewriting
from clinic.models import Favourite, Prescription

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


@pytest.fixture
def sent(browser, issued):
    """Send one form of the consultation page; the sentences that the next page shows."""

    def send(name: str, **values) -> list[str]:
        address = reverse("admin:clinic_encounter_do", args=[issued.encounter_id, name])
        return [str(told) for told in browser.post(address, values, follow=True).context["messages"]]

    return send


def favourites(name: str = "changelist", *args) -> str:
    return reverse(f"admin:clinic_favourite_{name}", args=args)


class TestConsultationPage:
    def test_a_script_is_written_again_by_one_button(self, sent, issued):
        assert sent("again", prescription=issued.pk) == [
            "On a draft: Night Oil (Example), 30 mL. Look it over and sign."
        ]
        assert Prescription.objects.get(repeat_of=issued).status == Prescription.Status.DRAFT

    def test_a_script_is_replaced_with_a_reason(self, sent, issued):
        assert sent("replace", prescription=issued.pk, why="") == ["Why?: This field is required."]
        assert sent("replace", prescription=issued.pk, why="Wrong strength.") == [
            f"Prescription {issued.number} is void."
            " On a draft: Night Oil (Example), 30 mL. Look it over and sign."
        ]
        issued.refresh_from_db()
        assert issued.status == Prescription.Status.CANCELLED

    def test_a_line_becomes_a_favourite_a_button_and_a_draft(self, sent, browser, issued):
        page = reverse("admin:clinic_encounter_change", args=[issued.encounter_id])
        before = browser.get(page).content.decode()

        assert sent("keep-favourite", line=issued.lines.get().pk) == [
            "Night Oil (Example), 30 mL is among your favourites."
        ]
        kept = Favourite.objects.get()

        assert "Your favourites" not in before
        assert "Your favourites" in browser.get(page).content.decode()
        assert sent("write-favourite", favourite=kept.pk) == ["Night Oil (Example), 30 mL is on a draft."]
        assert issued.encounter.prescriptions.filter(status="draft").count() == 1
        assert sent("drop-favourite", favourite=kept.pk) == [
            "Night Oil (Example), 30 mL is no longer among your favourites."
        ]

    def test_knows_nothing_of_other_peoples_scripts_and_favourites(
        self, browser, issued, make_doctor, doctor, make_product, make_patient
    ):
        colleague = make_doctor("colleague")
        foreign = rewriting.keep(issued.lines.get(), by=colleague.user)
        for name, values in {
            "write-favourite": {"favourite": foreign.pk},
            "again": {"prescription": foreign.pk},
            "keep-favourite": {"line": foreign.pk},
        }.items():
            address = reverse("admin:clinic_encounter_do", args=[issued.encounter_id, name])
            assert browser.post(address, values).status_code == 404

        assert Prescription.objects.count() == 1


class TestFavouriteAdmin:
    @pytest.fixture
    def kept(self, issued, doctor):
        return rewriting.keep(issued.lines.get(), by=doctor.user)

    def test_shows_and_changes_ones_own(self, browser, kept):
        page = favourites("change", kept.pk)
        sent = browser.post(
            page, {"quantity": 1, "repeats": 0, "interval_days": "", "directions": "Take 0.5 mL at night."}
        )

        kept.refresh_from_db()
        assert sent.status_code == 302
        assert (kept.quantity, kept.directions) == (1, "Take 0.5 mL at night.")
        assert "Night Oil" in browser.get(favourites()).content.decode()
        assert browser.post(page, {"quantity": 0, "repeats": 0, "directions": "x"}).status_code == 400

    def test_says_what_brings_a_first_one(self, browser):
        empty = browser.get(favourites()).content.decode()

        assert "Press the heart beside a line that you prescribed, and it is kept here." in empty

    def test_drops_by_a_button(self, browser, kept):
        answer = browser.post(favourites("drop", kept.pk), {"_form_submitted": "on"})

        kept.refresh_from_db()
        assert kept.dropped_at is not None
        assert answer.headers["HX-Redirect"] == favourites()

    def test_is_not_there_for_others(self, staff_client, make_doctor, manager, auditor, reception, kept):
        colleague = staff_client(make_doctor("colleague").user)

        assert colleague.get(favourites()).context["cl"].result_count == 0
        assert colleague.get(favourites("change", kept.pk)).headers["Location"] == "/admin/"
        assert colleague.get(favourites("history", kept.pk)).status_code == 404
        for who in (manager, auditor, reception):
            assert staff_client(who).get(favourites()).status_code == 403

    def test_asks_no_more_for_three_than_for_one(
        self, browser, kept, issued, doctor, make_product, django_assert_max_num_queries
    ):
        browser.get(favourites())
        with django_assert_max_num_queries(30) as one:
            browser.get(favourites())
        for name in ("Day Oil", "Noon Oil"):
            Favourite.objects.add(
                by=None, practitioner=doctor, product=make_product(name), quantity=1, directions="Take 1 mL."
            )

        with django_assert_max_num_queries(30) as three:
            assert browser.get(favourites()).context["cl"].result_count == 3

        assert len(three) == len(one)


class TestCancelButton:
    def address(self, script):
        return reverse("admin:clinic_prescription_cancel", args=[script.pk])

    def test_voids_with_a_reason(self, browser, issued):
        without = browser.post(self.address(issued), {"_form_submitted": "on", "why": ""})
        browser.post(self.address(issued), {"_form_submitted": "on", "why": "Wrong strength."})

        issued.refresh_from_db()
        assert "HX-Redirect" not in without.headers
        assert issued.status == Prescription.Status.CANCELLED
        assert issued.history.first().history_change_reason == "Wrong strength."

    def test_is_not_for_others(self, staff_client, issued, make_doctor, auditor, manager):
        values = {"_form_submitted": "on", "why": "Because."}
        answers = [
            staff_client(who).post(self.address(issued), values).status_code
            for who in (make_doctor("stranger").user, auditor, manager)
        ]

        issued.refresh_from_db()
        assert answers == [404, 403, 403]
        assert issued.status == Prescription.Status.ISSUED

    def test_refuses_what_is_void_already(self, browser, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")
        answer = browser.post(self.address(issued), {"_form_submitted": "on", "why": "Again."}, follow=False)

        page = browser.get(answer.headers["HX-Redirect"])
        assert ["cancelled and cannot become" in str(told) for told in page.context["messages"]] == [True]
