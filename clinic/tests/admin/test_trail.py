"""The auditor's desk."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import auditing, chaining, enrolling, standing_out
from clinic.models import AuditEvent, SavedView

LIST = reverse("admin:clinic_auditevent_changelist")


def page(name, *args):
    return reverse(f"admin:clinic_auditevent_{name}", args=args)


def listed(browser, **query):
    return {event.pk for event in browser.get(LIST, query).context["cl"].queryset}


@pytest.fixture
def desk(staff_client, auditor):
    return staff_client(auditor)


class TestFilters:
    def test_find_what_concerns_a_patient_or_a_record(self, desk, patient, make_patient, manager):
        other = make_patient("other")
        mine = auditing.note("print", by=manager, record=patient)
        others = auditing.note("print", by=manager, record=other)

        assert listed(desk, patient=str(patient.pk)) >= {mine.pk}
        assert others.pk not in listed(desk, patient=str(patient.pk))
        assert others.pk in listed(desk, record=str(other.pk))

    @pytest.mark.parametrize("parameter", ["patient", "record"])
    def test_a_key_that_is_none_finds_nothing(self, desk, patient, parameter):
        assert listed(desk, **{parameter: "Robert'); DROP"}) == set()

    def test_several_actions_at_once(self, desk, manager):
        events = {action: auditing.note(action, by=manager).pk for action in ("print", "export", "sign_out")}

        found = listed(desk, action=["print", "export"])

        assert (events["print"] in found, events["export"] in found) == (True, True)
        assert events["sign_out"] not in found

    def test_outside_care_is_who_never_had_an_appointment(
        self, desk, confirmed, patient, doctor, make_doctor
    ):
        stranger = make_doctor("stranger")
        own = auditing.note("read", by=doctor.user, record=patient)
        outside = auditing.note("read", by=stranger.user, record=patient)

        found = listed(desk, odd="outside")

        assert (own.pk in found, outside.pk in found) == (False, True)

    def test_night_is_by_the_practices_clock(self, manager):
        zone = timezone.get_current_timezone()
        for hour in (3, 12, 21, 23):
            at = timezone.now().astimezone(zone).replace(hour=hour, minute=30) - timedelta(days=3)
            AuditEvent.objects.create(action="print", by=manager, at=at)

        found = standing_out.at_night(AuditEvent.objects.filter(action="print"))

        assert sorted(event.at.astimezone(zone).hour for event in found) == [3, 23]

    def test_a_reason_and_nobody(self, desk, manager):
        reasoned, silent = (
            auditing.note("print", by=manager, why="A complaint."),
            auditing.note("print", by=None),
        )

        assert (reasoned.pk in listed(desk, odd="reason"), silent.pk in listed(desk, odd="reason")) == (
            True,
            False,
        )
        assert (reasoned.pk in listed(desk, odd="system"), silent.pk in listed(desk, odd="system")) == (
            False,
            True,
        )

    def test_two_clicks_lead_from_a_patient_to_everything(self, desk, patient):
        first = desk.get(reverse("admin:clinic_patient_trail", args=[patient.pk]))

        shown = desk.get(first.headers["Location"])

        assert {event.patient_id for event in shown.context["cl"].result_list} == {patient.pk}


class TestSavedViews:
    def keep(self, browser, **fields):
        return browser.post(
            page("views"), {"name": "At night", "query": "odd=night&p=3", **fields}, follow=True
        )

    def test_are_kept_shown_and_dropped(self, desk, auditor):
        self.keep(desk)
        view = SavedView.objects.get()

        assert (view.owner, view.query) == (auditor, "odd=night")
        assert "?odd=night" in desk.get(LIST).text
        desk.post(page("drop_view", view.pk))
        desk.post(page("drop_view", view.pk))
        assert [*desk.get(LIST).context["views"]] == []
        assert view.history.count() == 2

    def test_are_ones_own_until_they_are_shared(self, desk, staff_client, manager, make_user):
        self.keep(desk, name="Mine")
        self.keep(desk, name="Ours", is_shared="on")

        seen = [view.name for view in SavedView.objects.visible_to(manager)]

        assert seen == ["Ours"]
        assert [*SavedView.objects.visible_to(make_user("reception"))] == []

    def test_a_name_is_there_once(self, desk):
        self.keep(desk)

        assert "You have a view “At night” already. Choose another name." in self.keep(desk).text
        assert SavedView.objects.count() == 1

    def test_others_are_not_dropped(self, desk, staff_client, manager):
        self.keep(desk, is_shared="on")
        view = SavedView.objects.get()

        staff_client(manager).post(page("drop_view", view.pk))

        assert SavedView.objects.get().dropped_at is None


class TestLife:
    def test_tells_each_change_in_words(self, desk, patient, manager):
        patient.change(by=manager, why="She moved.", suburb="Hobart")

        told = desk.get(page("life", "clinic.patient", patient.pk)).context["told"]

        newest = told.steps[0]
        assert (newest.event.reason, newest.lines) == ("She moved.", [("Suburb", "", "Hobart")])
        assert told.is_whole

    def test_others_hear_which_fields_and_no_words(self, staff_client, manager, patient):
        patient.change(by=manager, suburb="Hobart")

        answer = staff_client(manager).get(page("life", "clinic.patient", patient.pk))

        assert "Suburb" in answer.text
        assert "Hobart" not in answer.text

    def test_identifiers_are_masked(self, desk, patient, manager):
        enrolling.record_identifiers(
            patient, by=manager, why="Seen.", medicare_number="2123456701", medicare_irn="1"
        )

        answer = desk.get(page("life", "clinic.patient", patient.pk))

        assert "2123456701" not in answer.text
        assert "701" in answer.text

    def test_a_record_of_no_kind_is_not_there(self, desk, patient):
        assert desk.get(page("life", "clinic.nothing", patient.pk)).status_code == 404
        assert desk.get(page("life", "sessions.session", patient.pk)).status_code == 404

    @pytest.mark.parametrize("role", ["doctor", "reception"])
    def test_is_for_who_reads_the_whole_trail(self, staff_client, make_user, patient, role):
        answer = staff_client(make_user(role, "reader")).get(page("life", "clinic.patient", patient.pk))

        assert answer.status_code == 403


class TestSample:
    def ask(self, browser, **asked):
        today = timezone.localdate()
        wanted = {"first": today - timedelta(days=3), "last": today, "number": 5, "seed": "July"} | asked
        return browser.get(page("sample"), wanted)

    def test_shows_script_note_approval_and_minutes(self, desk, issued):
        (one,) = self.ask(desk).context["drawn"]

        assert (one.script, one.note) == (issued, issued.encounter.note)
        assert one.minutes >= 1

    def test_links_to_what_its_signer_saw(self, desk, issued):
        address = self.ask(desk).context["rows"][0][1]

        shown = desk.get(address)

        script = next(part for part in shown.context["parts"] if part.label == "clinic.prescription")
        assert ("Status", "Draft") in script.rows[0].lines

    def test_the_same_seed_draws_the_same(self, desk, issued, auditor):
        drawn = [self.ask(desk, seed="x").context["drawn"][0].script.pk for _ in range(2)]

        assert drawn == [issued.pk] * 2
        assert AuditEvent.objects.filter(by=auditor, trace__seed="x").count() == 2

    def test_wants_days_a_number_and_a_seed(self, desk):
        answer = self.ask(desk, number="1000", seed="")

        assert answer.status_code == 400
        assert "Ensure this value is less than or equal to 200." in answer.text

    def test_is_for_who_reads_every_record(self, staff_client, manager):
        assert self.ask(staff_client(manager)).status_code == 403


class TestRights:
    def test_tell_who_was_what_then(self, desk, reception, manager):
        then = timezone.now()
        reception.change(by=manager, role="manager")

        told = {
            when: {one.user: one.role for one in desk.get(page("rights"), asked).context["people"]}
            for when, asked in (("then", {"at": then.isoformat()}), ("now", {}))
        }

        assert (told["then"][reception], told["now"][reception]) == ("reception", "manager")

    def test_tell_what_roles_might_do(self, desk):
        told = {role.role: role.rights for role in desk.get(page("rights")).context["rights"]}

        assert "Can view every clinical record" in told["auditor"]
        assert "Can view every clinical record" not in told["manager"]
        assert told["patient"] == []

    @pytest.mark.parametrize("said", ["yesterday", "2999-01-01T00:00"])
    def test_a_moment_that_is_none_is_refused(self, desk, said):
        answer = desk.get(page("rights"), {"at": said})

        assert answer.status_code == 400
        assert "moment" in answer.text


class TestSignIns:
    def test_tell_second_factors_and_failures(self, desk, auditor, manager):
        auditing.note("sign_in_failed", by=None, outcome="failed", tried="a" * 24)
        auditing.note("second_factor", by=auditor, outcome="failed")

        context = desk.get(page("sign-ins")).context

        own = next(one for one in context["staff"] if one.user == auditor)
        assert (own.has_app, own.failed) == (True, 1)
        assert next(one for one in context["staff"] if one.user == manager).has_app is False
        assert [(row["times"], row["accounts"]) for row in context["failures"]] == [(1, 1)]

    def test_take_a_constant_number_of_statements(self, desk, make_user):
        counts = []
        desk.get(page("sign-ins"))  # what is asked once and kept
        for number in range(2):
            with CaptureQueriesContext(connection) as asked:
                desk.get(page("sign-ins"))
            counts.append(len(asked))
            for name in ("one", "two", "three"):
                make_user("reception", f"{name}{number}")
        assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
class TestEvidence:
    def test_is_a_signed_zip_of_what_the_list_shows(self, desk, manager, patient):
        auditing.note("print", by=manager, record=patient)
        auditing.note("print", by=manager)
        chaining.seal()
        address = f"{page('evidence')}?patient={patient.pk}&action=print"

        asked = desk.get(address)
        answer = desk.post(address, {"why": "A complaint to the regulator."})

        assert asked.context["count"] == 1
        archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
        assert {"events.jsonl", "verify.py", "manifest.json"} <= {*archive.namelist()}
        assert answer["X-Events"] == "1"
        assert AuditEvent.objects.get(action="export").why == "A complaint to the regulator."

    def test_asks_what_for(self, desk, manager):
        auditing.note("print", by=manager)

        answer = desk.post(page("evidence"), {"why": " "})

        assert answer.status_code == 400
        assert AuditEvent.objects.filter(action="export").count() == 0


class TestAsAt:
    def ask(self, browser, patient, **asked):
        return browser.get(reverse("admin:clinic_patient_as_at", args=[patient.pk]), asked)

    def suburb(self, answer):
        part = next(part for part in answer.context["parts"] if part.label == "clinic.patient")
        return dict(part.rows[0].lines).get("Suburb")

    def test_shows_what_stood_then(self, desk, patient, manager):
        patient.change(by=manager, suburb="Hobart")
        then = timezone.now()
        patient.change(by=manager, suburb="Perth")

        assert self.suburb(self.ask(desk, patient, at=then.isoformat())) == "Hobart"
        assert self.suburb(self.ask(desk, patient)) == "Perth"

    def test_compares_two_moments(self, desk, patient, manager):
        then = timezone.now()
        patient.change(by=manager, suburb="Perth")

        answer = self.ask(desk, patient, at=then.isoformat(), to=timezone.now().isoformat())

        (change,) = [one for one in answer.context["changes"] if one.label == "clinic.patient"]
        assert (change.what, change.lines) == ("changed", [("Suburb", "", "Perth")])

    def test_is_noted_with_the_moment(self, desk, patient, auditor):
        then = timezone.now()

        self.ask(desk, patient, at=then.isoformat())

        assert (
            AuditEvent.objects.get(by=auditor, action="read", patient_id=patient.pk).trace["at"]
            == then.isoformat()
        )

    @pytest.mark.parametrize("said", ["soon", "2999-01-01T00:00"])
    def test_a_moment_that_is_none_is_refused_and_not_noted(self, desk, patient, auditor, said):
        answer = self.ask(desk, patient, at=said)

        assert (answer.status_code, AuditEvent.objects.filter(by=auditor, action="read").count()) == (400, 0)

    @pytest.mark.parametrize("role", ["manager", "reception"])
    def test_is_for_who_reads_every_record(self, staff_client, make_user, patient, role):
        assert self.ask(staff_client(make_user(role, "reader")), patient).status_code == 403

    def test_takes_a_constant_number_of_statements(self, desk, patient, issued, confirmed):
        with CaptureQueriesContext(connection) as one:
            self.ask(desk, patient)
        with CaptureQueriesContext(connection) as again:
            self.ask(desk, patient)
        assert len(one) >= len(again)
        assert len(again) < 40
