"""The consultation page: who may open it, what it asks, what it shows."""

import re
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import booking, noting, prescribing
from clinic.models import AuditEvent, Encounter, MonitoringCheck, Note, Override, Prescription
from clinic.tests.checks.world import World

pytestmark = pytest.mark.django_db
STATEMENTS = 24  # of a page with a draft, everything counted: session, second factor, room, sidebar, audit


def page(encounter: Encounter) -> str:
    return reverse("admin:clinic_encounter_change", args=[encounter.pk])


def form(encounter: Encounter, name: str) -> str:
    return reverse("admin:clinic_encounter_do", args=[encounter.pk, name])


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


@pytest.fixture
def sent(browser, encounter):
    """Send one form of the page; the sentences that the next page shows."""

    def send(name: str, **values) -> list[str]:
        answer = browser.post(form(encounter, name), values, follow=True)
        return [str(message) for message in answer.context["messages"]]

    return send


def read_of(browser, script: Prescription) -> str:
    """What the page says that its reader signs."""
    drafts = browser.get(page(script.encounter)).context["drafts"]
    [read] = [draft["read"] for draft in drafts if draft["prescription"] == script]
    return read


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
