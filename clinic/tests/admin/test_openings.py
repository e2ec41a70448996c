"""Opening a record outside care on the staff site: the door, the page, the banner and the register."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic import breaking, caring, noting
from clinic.breaking import Whom
from clinic.models import AccessEnd, AccessReason, AccessReview, AuditEvent
from clinic.tests.admin.conftest import press, said
from messaging import chatting

pytestmark = pytest.mark.django_db
DOOR, REGISTER = "/admin/clinic/accessreason/open/", "/admin/clinic/accessreason/"
WHY = "The hospital rang about her."


@pytest.fixture
def stranger(make_doctor):
    return make_doctor("stranger").user


@pytest.fixture
def record(encounter, doctor, patient):
    caring.raise_alert(patient, text="Needs an interpreter.", by=doctor.user)
    noting.sign(encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")
    chatting.post(encounter.appointment.room, by=patient.user, text="Hello from the patient")
    return patient


def page(opening, name="change"):
    return reverse(f"admin:clinic_accessreason_{name}", args=[opening.pk])


def opened_by(user, patient) -> AccessReason:
    return breaking.break_glass(Whom(key=patient.pk), why=WHY, by=user)


class TestTheDoor:
    def test_opens_by_name_and_leads_to_the_record(self, staff_client, record, stranger):
        record.change(by=None, date_of_birth="1980-05-10")
        typed = {"given_name": "Patient", "family_name": "Example", "date_of_birth": "1980-05-10", "why": WHY}

        answer = staff_client(stranger).post(DOOR, typed)

        opening = AccessReason.objects.get()
        assert answer.url == page(opening, "record")
        assert (opening.recorded_by, opening.patient, opening.why) == (stranger, record, WHY)

    def test_is_the_same_for_a_hidden_patient_and_for_none(self, staff_client, record, stranger):
        browser, shown = staff_client(stranger), []
        for key in (record.pk, uuid.uuid4()):
            html = browser.get(DOOR, {"patient": key}).content.decode()
            shown.append(html.replace(str(key), "").partition("<form class")[2].partition("csrf")[0])

        assert shown[0] == shown[1] != ""

    def test_says_one_sentence_of_whatever_it_does_not_find(self, staff_client, record, stranger):
        browser = staff_client(stranger)
        named = {"given_name": "No", "family_name": "Body", "date_of_birth": "1980-05-10", "why": WHY}

        answers = [
            browser.post(f"{DOOR}?patient={uuid.uuid4()}", {"why": WHY}),
            browser.post(DOOR, named),
        ]

        assert [answer.status_code for answer in answers] == [400, 400]
        told = [answer.context["form"].non_field_errors() for answer in answers]
        assert told == [[str(breaking.NoSuchRecord())]] * 2

    def test_names_a_patient_whom_the_desk_sees(self, staff_client, record, manager):
        browser = staff_client(manager)
        answer = browser.get(f"/admin/clinic/patient/{record.pk}/break-glass/")

        assert str(record) in browser.get(answer.url).content.decode()

    @pytest.mark.parametrize("role", ["reception", "auditor"])
    def test_is_shut_to_others_and_keeps_that_they_tried(self, staff_client, record, make_user, role):
        user = make_user(role)
        browser = staff_client(user)

        statuses = [browser.get(DOOR).status_code, browser.post(DOOR, {"why": WHY}).status_code]

        assert statuses == [403, 403]
        [event] = AuditEvent.objects.filter(action="break_glass", by=user)
        assert (event.outcome, event.trace["refused"]) == ("refused", "NotAllowed")

    def test_asks_for_the_second_factor_again(self, staff_client, record, stranger):
        browser = staff_client(stranger)
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            answers = [browser.get(DOOR), browser.post(DOOR, {"why": WHY})]

        assert [answer.url.partition("?")[0] for answer in answers] == [reverse("otp-verify")] * 2


class TestTheRecord:
    @pytest.mark.parametrize("who", ["stranger", "manager"])
    def test_shows_what_there_is_to_who_opened_it(self, request, staff_client, record, who):
        user = request.getfixturevalue(who)
        html = staff_client(user).get(page(opened_by(user, record), "record")).content.decode()

        for words in ("Needs an interpreter.", "Insomnia.", "opened outside your care, until", "Close now"):
            assert words in html
        read = AuditEvent.objects.filter(action="read", by=user, patient_id=record.pk)
        assert [event.record_type for event in read] == ["clinic.patient"]

    def test_is_not_there_for_anybody_else(self, staff_client, record, stranger, manager, auditor, doctor):
        opening = opened_by(stranger, record)

        for user in (manager, auditor, doctor.user):
            assert staff_client(user).get(page(opening, "record")).status_code == 404

    def test_closes_after_half_an_hour(self, staff_client, record, stranger):
        opening = opened_by(stranger, record)
        later = timezone.now() + timedelta(minutes=31)
        with time_machine.travel(later):
            answer = staff_client(stranger).get(page(opening, "record"), follow=True)

        assert said(answer) == ["This record is closed already."]
        assert "Insomnia" not in answer.content.decode()

    def test_asks_as_often_for_much_as_for_little(
        self, staff_client, record, stranger, doctor, django_assert_max_num_queries
    ):
        browser, opening = staff_client(stranger), opened_by(stranger, record)
        browser.get(page(opening, "record"))
        with django_assert_max_num_queries(60) as little:
            browser.get(page(opening, "record"))
        for number in range(3):
            caring.add_allergy(record, substance=f"Substance {number}", by=doctor.user)
            noting.add(record.encounters.get().note, text="More.", reason=f"{number}", by=doctor.user)

        with django_assert_max_num_queries(60) as much:
            browser.get(page(opening, "record"))

        assert len(much) == len(little)


class TestReading:
    """The pages of everyday work, under an opening."""

    @pytest.fixture
    def pages(self, record):
        encounter = record.encounters.get()
        return [
            reverse("admin:clinic_patient_change", args=[record.pk]),
            reverse("admin:clinic_patient_history", args=[record.pk]),
            reverse("admin:clinic_encounter_change", args=[encounter.pk]),
            reverse("admin:clinic_note_change", args=[encounter.note.pk]),
            reverse("admin:messaging_room_change", args=[encounter.appointment.room_id]),
            reverse("room", args=[encounter.appointment.room_id]),
            reverse("room-messages", args=[encounter.appointment.room_id]),
        ]

    def test_opens_a_doctors_usual_pages_with_the_banner(self, staff_client, record, stranger, pages):
        browser = staff_client(stranger)
        before = [browser.get(address).status_code for address in pages]
        opened_by(stranger, record)
        during = [browser.get(address) for address in pages]
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            after = [staff_client(stranger).get(address).status_code for address in pages]

        assert before == after == [302, 404, 404, 404, 302, 404, 404]
        assert [answer.status_code for answer in during] == [200] * 7
        assert ["opened outside your care" in a.content.decode() for a in during] == [True] * 6 + [False]

    def test_opens_conversations_to_a_manager_and_no_clinical_list(
        self, staff_client, record, manager, pages
    ):
        browser = staff_client(manager)
        before = [browser.get(address).status_code for address in pages[4:]]
        opened_by(manager, record)
        during = [browser.get(address) for address in pages[4:]]

        assert before == [302, 404, 404]
        assert [answer.status_code for answer in during] == [200] * 3
        assert [browser.get(address).status_code for address in pages[2:4]] == [403, 403]
        assert "Hello from the patient" in during[0].content.decode()

    def test_offers_no_form_to_write_with(self, staff_client, record, stranger, pages):
        opened_by(stranger, record)
        browser = staff_client(stranger)

        html = browser.get(pages[0]).content.decode() + browser.get(pages[2]).content.decode()

        assert "/care/" not in html
        assert "/do/" not in html
        assert (
            browser.post(f"/admin/clinic/patient/{record.pk}/care/alert/", {"text": "X"}).status_code == 403
        )

    def test_names_no_opened_patient_in_what_is_written(self, staff_client, record, stranger):
        opened_by(stranger, record)
        browser = staff_client(stranger)

        for kind in ("approval", "adverseevent"):
            form = browser.get(f"/admin/clinic/{kind}/add/").context["adminform"].form
            assert not form.fields["patient"].queryset.exists(), kind

    def test_changes_no_report_about_them(self, staff_client, record, stranger, doctor):
        event = record.adverse_events.model.objects.add(
            by=doctor.user, patient=record, medicine="Oil", description="Fell.",
            happened_on=timezone.localdate(), known_on=timezone.localdate(),
        )  # fmt: skip
        opened_by(stranger, record)
        address = reverse("admin:clinic_adverseevent_change", args=[event.pk])

        browser = staff_client(stranger)

        assert browser.get(address).status_code == 200
        assert browser.post(address, {"medicine": "Other"}).status_code == 403


class TestTheBanner:
    def test_closes_the_record(self, staff_client, record, stranger):
        opening, browser = opened_by(stranger, record), staff_client(stranger)

        answer = browser.post(page(opening, "close"), follow=True)

        assert said(answer) == ["The record is closed."]
        assert AccessEnd.objects.get().opening == opening
        assert "opened outside your care" not in browser.get("/admin/").content.decode()
        assert said(browser.post(page(opening, "close"), follow=True)) == ["This record is closed already."]

    def test_takes_a_form_of_who_opened_it(self, staff_client, record, stranger, manager):
        opening = opened_by(stranger, record)

        assert staff_client(stranger).get(page(opening, "close")).status_code == 405
        assert staff_client(manager).post(page(opening, "close")).status_code == 404

    def test_is_on_no_page_of_anybody_else(self, staff_client, record, stranger, manager):
        opened_by(stranger, record)

        assert "opened outside your care" not in staff_client(manager).get("/admin/").content.decode()


class TestTheRegister:
    def test_is_for_managers_and_auditors_and_ones_own(
        self, staff_client, record, stranger, manager, auditor, reception, doctor
    ):
        opened_by(stranger, record)

        found = {
            user.given_name: staff_client(user).get(REGISTER).context["cl"].result_count
            for user in (manager, auditor, stranger, doctor.user)
        }

        assert found == {"Manager": 1, "Auditor": 1, "Stranger": 1, "Doctor": 0}
        assert staff_client(reception).get(REGISTER).status_code == 403

    def test_tells_the_reason_and_what_was_done(self, staff_client, record, stranger, manager, auditor):
        opening = opened_by(stranger, record)
        staff_client(stranger).get(page(opening, "record"))

        for user in (manager, auditor, stranger):
            html = staff_client(user).get(page(opening)).content.decode()
            assert WHY in html
            assert "Opened: patient" in html
        assert WHY not in staff_client(manager).get(REGISTER).content.decode()

    def test_nobody_adds_changes_or_deletes(self, staff_client, record, stranger, manager):
        opening, browser = opened_by(stranger, record), staff_client(manager)

        assert browser.get(f"{REGISTER}add/").status_code == 403
        assert browser.post(page(opening), {"why": "Another reason now."}).status_code == 403
        assert browser.get(page(opening, "delete")).status_code == 403

    def test_is_reviewed_by_a_button(self, staff_client, record, stranger, manager):
        opening, browser = opened_by(stranger, record), staff_client(manager)
        offered = [button["title"] for button in browser.get(page(opening)).context["actions_detail"]]

        press(browser, opening, "close_it")
        press(browser, opening, "review", note="Asked the hospital: it holds.")

        assert offered == ["Close it"]
        assert AccessReview.objects.get().recorded_by == manager
        assert "Manager Example: Asked the hospital: it holds." in browser.get(page(opening)).content.decode()

    def test_tells_a_manager_that_ones_own_is_for_another(self, staff_client, record, manager):
        opening = opened_by(manager, record)
        breaking.close(opening, by=manager)
        browser = staff_client(manager)
        press(browser, opening, "review", note="Fine.")

        assert said(browser.get(page(opening))) == [str(breaking.YourOwn())]

    @pytest.mark.parametrize(("standing", "count"), [("open", 1), ("waits", 1), ("reviewed", 0), ("", 2)])
    def test_is_narrowed_by_standing(self, staff_client, record, stranger, manager, standing, count):
        breaking.close(opened_by(stranger, record), by=stranger)
        opened_by(stranger, record)

        shown = staff_client(manager).get(REGISTER, {"standing": standing}).context["cl"]

        assert shown.result_count == count

    def test_waits_in_the_menu_for_managers(self, staff_client, record, stranger, manager):
        breaking.close(opened_by(stranger, record), by=stranger)

        menu = staff_client(manager).get(REGISTER).context["sidebar_navigation"]

        badges = {item["title"]: item.get("badge") for group in menu for item in group["items"]}
        assert badges["Opened outside care"] == 1

    def test_lists_three_as_quickly_as_one(
        self, staff_client, record, stranger, manager, make_patient, django_assert_max_num_queries
    ):
        browser = staff_client(manager)
        opened_by(stranger, record)
        browser.get(REGISTER)
        with django_assert_max_num_queries(40) as one:
            browser.get(REGISTER)
        for name in ("two", "three"):
            opened_by(stranger, make_patient(name))

        with django_assert_max_num_queries(40) as three:
            browser.get(REGISTER)

        assert len(three) == len(one)
