"""Prescribing on the consultation page: written, checked, read, signed."""

import re
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import MonitoringCheck, Override, Prescription
from clinic.tests.admin.test_encounters import form, page
from clinic.tests.checks.world import World

pytestmark = pytest.mark.django_db


def read_of(browser, script: Prescription) -> str:
    """What the page says that its reader signs."""
    drafts = browser.get(page(script.encounter)).context["drafts"]
    [read] = [draft["read"] for draft in drafts if draft["prescription"] == script]
    return read


class TestPrescribing:
    def test_a_script_is_written_checked_signed_and_cancelled(
        self, sent, browser, ready, doctor, code_of, make_product
    ):
        product = make_product("Day Oil")
        assert sent(
            "write", product=product.pk, quantity=1, repeats=0, directions="Take 0.25 mL at night."
        ) == ["Day Oil (Example), 30 mL is on a draft."]
        draft = Prescription.objects.get(lines__product=product)
        assert sent("send-to", prescription=draft.pk, state="VIC", indication="Chronic pain") == [
            "The rules of that state apply now. It is for: Chronic pain."
        ]

        warned = {"considered": "yes", "warned": ["no_other_script_runs", "one_product_at_a_time"]}
        read = read_of(browser, draft)
        issued = sent("issue", prescription=draft.pk, code=code_of(doctor.user), read=read, **warned)
        draft.refresh_from_db()
        void = sent("cancel", prescription=draft.pk, why="Wrong strength.")

        assert issued == [f"Prescription {draft.number} is issued. Its papers are ready in a moment."]
        assert void == [f"Prescription {draft.number} is cancelled."]

    @pytest.mark.parametrize(
        "change",
        [
            lambda ready: ready.lines.get().product.change(by=None, thc_value="30"),
            lambda ready: ready.lines.get().change(by=None, quantity=7),
            lambda ready: ready.lines.get().change(by=None, directions="Take 1 mL at night."),
            lambda ready: ready.change(by=None, state_authority="X1"),
            lambda ready: ready.patient.change(by=None, street="2 Other Street"),
        ],
        ids=["strength", "packs", "directions", "authority", "address"],
    )
    def test_only_what_was_read_is_signed(self, sent, browser, ready, doctor, code_of, change):
        read = read_of(browser, ready)
        change(ready)

        told = sent("issue", prescription=ready.pk, code=code_of(doctor.user), read=read)

        assert told == ["This form has changed since you read it. Read it again, then sign."]
        assert Prescription.objects.get().status == "draft"

    def test_a_form_that_was_not_read_is_not_signed(self, sent, ready, doctor, code_of):
        told = sent("issue", prescription=ready.pk, code=code_of(doctor.user))

        assert told == ["The form: was not sent along. Reload the page, read it again, then sign."]
        assert Prescription.objects.get().status == "draft"

    def test_a_wrong_code_changes_nothing(self, sent, browser, ready, doctor, code_of):
        wrong = f"{(int(code_of(doctor.user)) + 1) % 1_000_000:06}"

        told = sent("issue", prescription=ready.pk, code=wrong, read=read_of(browser, ready))

        assert told == ["This code is wrong or was already used. Wait for the next one and type that."]
        assert Prescription.objects.get().status == "draft"

    def test_every_stop_stands_on_the_page_at_once(self, browser, ready, patient, doctor):
        patient.change(by=None, identified_at=None, identified_by=None, street="")
        doctor.approvals.get().change(by=None, tga_category=5)

        stops = [f.check.name for f in browser.get(page(ready.encounter)).context["drafts"][0]["stops"]]

        assert stops == ["patient_is_identified", "patient_lives_somewhere", "authority_covers_it"]

    def test_what_a_medicine_is_for_is_proposed_and_kept_only_when_it_is_set(
        self, sent, browser, ready, make_product
    ):
        """One authority names one illness: it stands in the form, chosen, and on no draft."""
        sent("write", product=make_product("Day Oil").pk, quantity=1, repeats=0, directions="Take 1 mL.")
        answer = browser.get(page(ready.encounter))
        chosen, unset = answer.context["drafts"]

        assert (chosen["indications"], chosen["proposed"]) == (["Chronic pain"], "")
        assert (unset["indications"], unset["proposed"]) == (["Chronic pain"], "Chronic pain")
        assert unset["prescription"].indication == ""
        assert [f.check.name for f in unset["stops"]] == ["authority_covers_what_it_is_for"]
        assert answer.content.decode().count("<option selected>Chronic pain</option>") == 2
        assert answer.content.decode().count("(proposed, not set yet)") == 1

    def test_nothing_is_proposed_where_authorities_name_two_illnesses(self, browser, ready, make_approval):
        make_approval(pathway="ap", patient=None, indication="Anxiety", reference="AP-1")
        ready.change(by=None, indication="")

        [draft] = browser.get(page(ready.encounter)).context["drafts"]

        assert (draft["indications"], draft["proposed"]) == (["Anxiety", "Chronic pain"], "")

    def test_a_doctor_confirms_to_be_where_the_state_wants_them(self, sent, browser, ready, doctor):
        """Only such a state is asked about; what the profile says is proposed and counts for nothing."""
        doctor.change(by=None, state="TAS")
        elsewhere = browser.get(page(ready.encounter)).content.decode()
        World(ready, doctor.user).state("TAS", number="59E-1")
        there = browser.get(page(ready.encounter))

        nothing = sent("practise", state="")
        told = sent("practise", state="TAS")

        assert "Where you are and practise today" not in elsewhere
        assert "Where you are and practise today" in there.content.decode()
        [draft] = there.context["drafts"]
        assert (draft["practises_in"], [f.check.name for f in draft["stops"]]) == (
            "TAS", ["state_accepts_the_prescriber"]
        )  # fmt: skip
        assert nothing == [
            "Where you are and practise today: Choose the state in which you are and practise today."
        ]
        assert told == ["You are and practise in Tasmania today."]
        after = browser.get(page(ready.encounter))
        assert after.context["drafts"][0]["stops"] == []
        assert "Where the prescriber is and practises" in after.content.decode()

    def test_a_red_flag_before_the_visit_asks_for_a_reason_that_is_kept(
        self, sent, browser, ready, doctor, code_of
    ):
        World(ready, doctor.user).says(heart="yes")
        [draft] = browser.get(page(ready.encounter)).context["drafts"]
        flag = "red_flags_are_weighed"

        told = sent("issue", prescription=ready.pk, code=code_of(doctor.user), read=draft["read"])
        reason = {f"reason-{flag}": "Seen by the cardiologist\x00 in\nMay.", "read": draft["read"]}
        sent("issue", prescription=ready.pk, code=code_of(doctor.user), **reason)

        assert [finding.check.name for finding in draft["reasons"]] == [flag]
        assert told == [draft["reasons"][0].sentence]
        kept = Override.objects.get(prescription__status="issued")
        assert (kept.name, kept.severity, kept.reason) == (
            flag, "overridable", "Seen by the cardiologist in May."
        )  # fmt: skip

    def test_a_product_that_may_not_be_prescribed_cannot_be_sent_in(self, browser, encounter, make_product):
        product = make_product(is_category_disputed=True)

        answer = browser.post(
            form(encounter, "write"),
            {"product": product.pk, "quantity": 1, "repeats": 0, "directions": "1 mL."},
        )

        assert answer.status_code == 400
        assert answer.context["write_form"]["directions"].value() == "1 mL."
        assert Prescription.objects.count() == 0

    @pytest.mark.parametrize("quantity", ["0", "-1", "61", "lots", ""])
    def test_a_quantity_that_is_none_is_told(self, browser, encounter, make_product, quantity):
        answer = browser.post(
            form(encounter, "write"),
            {"product": make_product().pk, "quantity": quantity, "repeats": 0, "directions": "1 mL."},
        )

        assert answer.status_code == 400
        assert [*answer.context["write_form"].errors] == ["quantity"]

    def test_only_what_may_be_prescribed_is_found(self, browser, encounter, make_product):
        make_product("Blue Oil")
        make_product("Blue Oil of yesterday", supply="discontinued")
        address = reverse("admin:clinic_encounter_products", args=[encounter.pk])

        names = re.findall(r"<strong>(.*?)</strong>", browser.get(address, {"q": "blue"}).content.decode())

        assert names == ["Blue Oil (Example), 30 mL"]

    def test_what_is_found_is_narrowed_by_facts(self, browser, encounter, make_product):
        make_product("Blue Oil")
        make_product("Blue Herb", dose_form="dried_herb", size_unit="g")
        ask = partial(browser.get, reverse("admin:clinic_encounter_products", args=[encounter.pk]))
        names = partial(re.findall, r"<strong>(Blue \w+)")

        every = ask({"q": "blue"}).content.decode()
        herbs = ask({"q": "blue", "narrow-dose_form": "dried_herb"}).content.decode()
        unnamed = ask({"narrow-dose_form": "dried_herb"}).content.decode()
        none = ask({"q": "blue", "narrow-tga_category": "1"}).content.decode()
        wrong = ask({"q": "blue", "narrow-schedule": "S5"})

        assert [names(text) for text in (every, herbs, unnamed, none)] == [
            ["Blue Herb", "Blue Oil"], ["Blue Herb"], ["Blue Herb"], []
        ]  # fmt: skip
        assert "Nothing that may be prescribed fits “blue” and what you chose." in none
        assert (wrong.status_code, "no choice of category" in wrong.content.decode()) == (400, True)

    def test_narrowing_takes_no_statement_more(self, browser, encounter, make_product):
        def statements(**asked):
            with CaptureQueriesContext(connection) as captured:
                browser.get(reverse("admin:clinic_encounter_products", args=[encounter.pk]), asked)
            return len(captured)

        make_product("Blue Oil")
        statements(q="blue")
        one = statements(q="blue")
        for name in ("Blue Oil II", "Blue Oil III"):
            make_product(name)

        assert statements(q="blue", **{"narrow-dose_form": "oral_liquid"}) == one

    def test_looks_and_authorities_are_recorded(self, sent, encounter, doctor):
        assert sent("look", state="QLD", result="amber", reference="Q-1") == [
            "Your look at QScript is recorded."
        ]
        told = sent(
            "approve", pathway="ap", reference="AP-9", tga_category=4, dose_form="oral_liquid",
            indication="Chronic pain", from_on="2026-01-01", until_on="2031-01-01",
        )  # fmt: skip

        assert told == ["Authorised Prescriber AP-9 is recorded."]
        assert MonitoringCheck.objects.get().result == "amber"
        assert (doctor.approvals.get().patient, doctor.approvals.get().tga_category) == (None, 4)

    def test_an_authority_that_ends_before_it_begins_is_told(self, browser, encounter, doctor):
        answer = browser.post(
            form(encounter, "approve"),
            {
                "pathway": "sas_b", "reference": "MC-1", "tga_category": 4, "dose_form": "oral_liquid",
                "indication": "Chronic pain", "from_on": "2026-02-01", "until_on": "2026-01-01",
            },
        )  # fmt: skip

        assert answer.status_code == 400
        assert "must not end before it begins" in str(answer.context["approve_form"].errors)
        assert doctor.approvals.count() == 0

    def test_a_draft_of_another_consultation_is_not_found(self, browser, encounter):
        assert (
            browser.post(form(encounter, "cancel"), {"prescription": encounter.pk, "why": "x"}).status_code
            == 404
        )
