"""The review of a supplier's list on the staff site."""

import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from catalog import applying, reading
from catalog.models import Decision, Import, ImportPolicy, Product
from catalog.tests import imports
from catalog.tests.admin.pages import ROWS, page, press

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(sample, manager):
    return imports.checked("tasmanian_botanics", sample("tasmanian_botanics"), by=manager)


class TestSendIn:
    def send(self, client, data, key="alma", name="May.xlsx"):
        file = SimpleUploadedFile(name, data)
        return client.post(reverse("admin:catalog_import_add"), {"supplier": key, "file": file})

    def test_asks_whose_list_it_is(self, manager, staff_client):
        text = staff_client(manager).get(reverse("admin:catalog_import_add")).content.decode()

        assert re.findall(r'<option value="(\w+)"', text) == [
            "alma", "botanitech", "medreleaf", "phytoca", "tasmanian_botanics",
        ]  # fmt: skip

    def test_keeps_the_file_and_has_a_worker_read_it(self, sample, manager, staff_client, queued_tasks):
        answer = self.send(staff_client(manager), sample("alma"))

        run = Import.objects.get()
        assert (answer.status_code, answer.url) == (302, page(run))
        assert (run.sender, run.file_name, run.status) == (manager, "May.xlsx", "received")
        assert queued_tasks() == ["catalog.tasks.read_import"]

    def test_recognises_the_same_file(self, sample, manager, staff_client):
        client = staff_client(manager)
        self.send(client, sample("alma"))

        answer = self.send(client, sample("alma"), name="copy.xlsx")

        text = client.get(answer.url).content.decode()
        assert "It was not taken in a second time." in text
        assert Import.objects.count() == 1

    def test_needs_a_file(self, manager, staff_client):
        answer = staff_client(manager).post(reverse("admin:catalog_import_add"), {"supplier": "alma"})

        assert (answer.status_code, Import.objects.count()) == (200, 0)
        assert "This field is required." in answer.content.decode()

    @pytest.mark.parametrize(("role", "status"), [("doctor", 403), ("auditor", 403), ("reception", 403)])
    def test_is_for_managers(self, role, status, sample, make_user, staff_client):
        assert self.send(staff_client(make_user(role)), sample("alma")).status_code == status
        assert not Import.objects.exists()

    def test_a_patient_is_sent_away(self, sample, make_user, client):
        client.force_login(make_user("patient"))

        assert self.send(client, sample("alma")).status_code == 404
        assert not Import.objects.exists()


class TestPage:
    def test_shows_the_steps_and_how_many_lines_there_are_of_each_kind(self, run, manager, staff_client):
        answer = staff_client(manager).get(page(run))

        board = answer.context["review"]
        undecided = run.rows.undecided().count()
        assert [name for name, is_done in board["steps"] if is_done] == ["Received", "Read", "Checked"]
        assert {tab.title: tab.number for tab in board["tabs"]} == {
            "Still to decide": undecided,
            "Needs review": undecided,
            "New": 10,
            "Changed": 0,
            "Gone from the list": 0,
            "Unchanged": 0,
            "Errors": 0,
            "All": 10,
        }
        assert f"{undecided} lines still need a decision" in answer.content.decode()

    def test_waits_while_a_worker_has_it(self, sample, manager, staff_client):
        run = imports.received("alma", sample("alma"), by=manager)
        run.move_to("reading", by=None, expected=200, progress=50)

        text = staff_client(manager).get(page(run)).content.decode()

        assert '<progress max="200" value="50"' in text
        assert "50 of 200 lines" in text
        assert "desk/imports.js" in text

    def test_says_why_a_file_was_refused(self, sample, manager, staff_client):
        run = imports.received("alma", sample("phytoca"))
        with pytest.raises(Exception, match="does not look like"):
            reading.read(run, by=None)

        assert (
            "This does not look like the Alma list" in staff_client(manager).get(page(run)).content.decode()
        )

    def test_says_what_was_applied_and_what_undoing_left(self, sample, manager, reviewer, staff_client):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        product = Product.objects.get(name="Gannet")
        product.change(by=reviewer, storage="Cool.")
        client = staff_client(manager)

        press(client, run, "undo", why="Not our supplier.")

        text = client.get(page(run)).content.decode()
        assert "5 new, 0 changed, 10 prices." in text
        assert "0 changed back, 4 taken off sale, 8 prices put back. Not our supplier." in text
        assert f'<a href="{page(product)}">{product}</a>' in text

    def test_tells_how_far_a_worker_is(self, sample, manager, staff_client):
        run = imports.received("alma", sample("alma"))
        run.move_to("reading", by=None, expected=200, progress=50)

        answer = staff_client(manager).get(reverse("admin:catalog_import_progress", args=[run.pk]))

        assert json.loads(answer.content) == {"status": "reading", "progress": 50, "expected": 200}

    def test_tells_it_to_nobody_else(self, run, make_user, staff_client, client):
        address = reverse("admin:catalog_import_progress", args=[run.pk])

        assert staff_client(make_user("doctor")).get(address).status_code == 404
        assert client.get(address).status_code == 404


class TestDownload:
    def address(self, run, which):
        return reverse("admin:catalog_import_download", args=[run.pk, which])

    def lines(self, answer):
        return list(load_workbook(io.BytesIO(answer.content))["Lines"].iter_rows(values_only=True))

    def test_holds_every_line_with_its_cell(self, run, manager, staff_client):
        desk = staff_client(manager)

        answer = desk.get(self.address(run, "result"))

        headings, first, *others = self.lines(answer)
        assert headings[:5] == ("Sheet", "Cell", "Kind", "Decision", "Reason")
        assert first[:4] == ("Tasmanian Botanics Product List", "D2", "New", "Take over")
        assert len(others) == 9
        assert 'filename="tasmanian_botanics result.xlsx"' in answer.headers["Content-Disposition"]
        assert self.address(run, "result") in desk.get(page(run)).content.decode()

    def test_of_errors_holds_them_alone_and_no_formula(self, damaged, manager, staff_client):
        def spoil(book):
            sheet = book["Tasmanian Botanics Product List"]
            sheet["D2"], sheet["F2"] = "=HYPERLINK(1)", "400% THC"
            sheet["D2"].data_type = "s"

        run = imports.checked("tasmanian_botanics", damaged("tasmanian_botanics", spoil))
        desk = staff_client(manager)

        _, *lines = self.lines(desk.get(self.address(run, "errors")))

        assert [(line[2], line[6]) for line in lines] == [("Not taken", "'=HYPERLINK(1)")]
        assert self.address(run, "errors") in desk.get(page(run)).content.decode()

    def test_is_nothing_else(self, run, manager, staff_client):
        assert staff_client(manager).get(self.address(run, "secrets")).status_code == 404

    @pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("reception", 404), ("doctor", 404)])
    def test_is_for_managers(self, role, status, run, make_user, staff_client):
        assert staff_client(make_user(role)).get(self.address(run, "result")).status_code == status


class TestButtons:
    def buttons(self, client, run) -> set[str]:
        text = client.get(page(run)).content.decode()
        names = "hand_in|approve|hold_from|send_back|read_again|undo|refuse"
        return (
            {*re.findall(rf"/import/{run.pk}/({names})/?\"", text)}
            | {*re.findall(rf"/import/({names})/{run.pk}", text)}
            | {*re.findall(rf"{run.pk}/({names})", text)}
        )

    def test_show_while_their_step_can_be_taken(self, sample, run, manager, reviewer, staff_client):
        client = staff_client(manager)
        in_review = self.buttons(client, run)
        handed_in = self.buttons(client, imports.reviewed("alma", sample("alma"), by=manager))
        done = self.buttons(
            client, imports.applied("phytoca", sample("phytoca"), by=manager, approver=reviewer)
        )

        assert in_review == {"hand_in", "hold_from", "refuse"}
        assert handed_in == {"approve", "send_back", "refuse"}
        assert done == {"undo"}

    def test_lead_from_the_review_to_the_catalogue(self, sample, manager, reviewer, staff_client):
        run = imports.checked("alma", sample("alma"), by=manager)
        client, second = staff_client(manager), staff_client(reviewer)
        list_address = f"{ROWS}?run__id__exact={run.pk}&lines=undecided"
        chosen = [str(pk) for pk in run.rows.undecided().values_list("pk", flat=True)]
        client.post(list_address, {"action": "take", "_selected_action": chosen, "reason": "Asked Alma."})

        press(client, run, "hand_in")
        press(client, run, "approve")
        assert run.status == "reviewed"  # by the same person
        press(second, run, "approve")
        assert run.status == "approved"
        applying.work_off(run)

        assert Product.objects.filter(supplier__key="alma").count() == 5
        assert {decision.reason for decision in Decision.objects.all()} == {"Asked Alma."}

    def test_say_why_not(self, run, manager, staff_client):
        client = staff_client(manager)

        press(client, run, "hand_in")

        assert "need a decision. Choose" in client.get(page(run)).content.decode()

    def test_choose_the_day(self, run, manager, staff_client):
        press(staff_client(manager), run, "hold_from", day="2999-01-01")
        assert str(run.effective_on) == "2999-01-01"

        press(staff_client(manager), run, "hold_from", day="")
        assert run.effective_on is None

    def test_send_back_and_refuse_with_a_reason(self, sample, manager, reviewer, staff_client):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        press(staff_client(reviewer), run, "send_back", why="Look at Gannet.")
        assert run.status == "checked"
        press(staff_client(reviewer), run, "refuse", why="A new one comes.")
        assert (run.status, run.refusal) == ("refused", "A new one comes.")

    def test_read_again_what_was_refused(self, sample, manager, staff_client):
        run = imports.checked("alma", sample("alma"), by=manager)
        run.move_to("refused", by=None, why="The catalogue has changed.")

        answer = press(staff_client(manager), run, "read_again")

        again = Import.objects.exclude(pk=run.pk).get()
        assert (answer.headers["HX-Redirect"], again.status) == (page(again), "received")

    @pytest.mark.parametrize(
        "button", ["hand_in", "approve", "hold_from", "send_back", "undo", "refuse", "read_again"]
    )
    @pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("doctor", 403)])
    def test_are_for_managers(self, button, role, status, run, make_user, staff_client):
        answer = press(staff_client(make_user(role)), run, button, why="No.", day="2999-01-01")

        assert (answer.status_code, run.status) == (status, "checked")


class TestRules:
    def test_there_is_one_set(self, manager, staff_client):
        client = staff_client(manager)
        address = reverse("admin:catalog_importpolicy_add")
        client.post(address, {"price_change_percent": 30})

        assert client.get(address).status_code == 403
        policy = ImportPolicy.objects.current()
        assert (policy.needs_second_person, policy.price_change_percent) == (False, 30)
        assert policy.history.first().history_user == manager

    def test_need_a_manager(self, make_user, staff_client):
        answer = staff_client(make_user("auditor")).post(
            reverse("admin:catalog_importpolicy_add"), {"price_change_percent": 30}
        )

        assert (answer.status_code, ImportPolicy.objects.count()) == (403, 0)
