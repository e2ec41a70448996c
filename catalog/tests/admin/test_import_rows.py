"""The lines of a list under review on the staff site."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Decision
from catalog.tests import imports
from catalog.tests.admin.pages import ROWS, page, press

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(sample, manager):
    return imports.checked("tasmanian_botanics", sample("tasmanian_botanics"), by=manager)


class TestLines:
    def test_are_counted_and_told_apart(self, run, manager, staff_client):
        client = staff_client(manager)
        undecided = run.rows.undecided().count()

        for lines, count in {
            "": 10,
            "new": 10,
            "undecided": undecided,
            "review": undecided,
            "error": 0,
        }.items():
            answer = client.get(ROWS, {"run__id__exact": run.pk, **({"lines": lines} if lines else {})})
            assert answer.context["cl"].result_count == count, lines
            here = [tab.number for tab in answer.context["tabs"] if tab.is_here]
            assert here == [count], lines

    def test_show_now_and_then_with_percent(self, sample, damaged, manager, reviewer, staff_client):
        imports.applied("medreleaf", sample("medreleaf"), by=manager, approver=reviewer)

        def edit(book):
            book["Oil"]["D2"], book["Oil"]["H3"] = 54, "90mg/mL"

        run = imports.checked("medreleaf", damaged("medreleaf", edit))
        text = (
            staff_client(manager).get(ROWS, {"run__id__exact": run.pk, "lines": "changed"}).content.decode()
        )

        assert (
            '<th scope="row">Wholesale</th><td class="import-now">A$72.00</td>'
            '<td class="import-then">A$54.00</td><td class="import-moved">−25.0 %</td>'
        ) in text
        assert (
            '<th scope="row">CBD</th><td class="import-now">100</td><td class="import-then">90</td>' in text
        )

    def test_of_new_products_say_what_they_are_in_one_line(self, sample, manager, staff_client):
        run = imports.checked("medreleaf", sample("medreleaf"))

        text = staff_client(manager).get(ROWS, {"run__id__exact": run.pk, "q": "Brolga"}).content.decode()

        assert (
            "CBD 100 mg/mL · 30 mL · Oral liquid · S4 · category 1 · Wholesale A$72.00 · Retail A$98.00"
        ) in text

    def test_are_decided_in_bulk_with_one_reason(self, run, manager, staff_client):
        client = staff_client(manager)
        chosen = [str(pk) for pk in run.rows.undecided().values_list("pk", flat=True)]

        for action in ("take", "leave", "put_aside"):
            client.post(
                f"{ROWS}?run__id__exact={run.pk}",
                {"action": action, "_selected_action": chosen, "reason": f"To {action}."},
            )

        assert Decision.objects.count() == 3 * len(chosen)
        assert set(run.rows.with_verdict().filter(pk__in=chosen).values_list("verdict", flat=True)) == {
            "quarantine"
        }

    def test_ask_for_the_reason(self, run, manager, staff_client):
        client = staff_client(manager)
        address = f"{ROWS}?run__id__exact={run.pk}"
        chosen = [str(run.rows.first().pk)]

        answer = client.post(
            address, {"action": "leave", "_selected_action": chosen, "reason": ""}, follow=True
        )

        assert "Please say why; whoever approves the list reads it." in answer.content.decode()
        assert not Decision.objects.exists()

    def test_offer_no_actions_outside_a_review(self, run, sample, manager, staff_client, make_user):
        handed_in = imports.reviewed("alma", sample("alma"), by=manager)
        client = staff_client(manager)
        for asked in ({}, {"run__id__exact": handed_in.pk}, {"run__id__exact": "nonsense"}):
            answer = client.get(ROWS, asked)
            assert b'name="action"' not in answer.content, asked

        assert b'name="action"' in client.get(ROWS, {"run__id__exact": run.pk}).content
        auditor = staff_client(make_user("auditor")).get(ROWS, {"run__id__exact": run.pk})
        assert b'value="take"' not in auditor.content

    def test_are_not_decided_by_an_auditor(self, run, make_user, staff_client):
        chosen = [str(run.rows.first().pk)]

        staff_client(make_user("auditor")).post(
            f"{ROWS}?run__id__exact={run.pk}",
            {"action": "leave", "_selected_action": chosen, "reason": "No."},
        )

        assert not Decision.objects.exists()

    def test_need_as_many_statements_for_one_as_for_three(self, run, manager, staff_client):
        client = staff_client(manager)
        names = ["CBD 80 Oral liquid", "Oral liquid"]
        counts, lengths = [], []
        client.get(ROWS)
        for name in names:
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(ROWS, {"run__id__exact": run.pk, "q": name})
            counts.append(len(captured))
            lengths.append(answer.context["cl"].result_count)

        assert counts[0] == counts[1]
        assert lengths[0] < lengths[1]


class TestLine:
    def test_shows_its_cell_with_the_neighbours(self, sample, manager, staff_client):
        run = imports.checked("alma", sample("alma"))
        row = run.rows.get(stated__product_name="T19 Silver Gull")

        text = staff_client(manager).get(page(row)).content.decode()

        assert "Sheet1, cell A5" in text
        assert "desk/imports.css" in text  # which marks the cells
        assert '<td class="is-raised" title="78">78</td>' in text  # the wholesale price that is in doubt
        assert "Wholesale 78.00 here, 82.00 in Sheet3!L2." in text
        assert text.count('<tr><th scope="row">') >= 3  # the lines around it

    def test_of_a_list_with_a_product_per_column_is_shown_too(self, sample, manager, staff_client):
        run = imports.checked("phytoca", sample("phytoca"))
        row = run.rows.order_by("position").first()

        text = staff_client(manager).get(page(row)).content.decode()

        assert f"{row.sheet}, cell {row.cell}" in text

    def test_that_is_gone_has_no_cell(self, sample, damaged, manager, reviewer, staff_client):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        run = imports.checked("alma", damaged("alma", lambda book: book["Sheet1"].delete_rows(2)))
        row = run.rows.get(outcome="gone")

        text = staff_client(manager).get(page(row)).content.decode()

        assert "The product is not on this list" in text
        assert '<td class="import-now">Active</td><td class="import-then">Discontinued</td>' in text

    def test_is_decided_and_leads_to_the_next_one(self, run, manager, staff_client):
        client = staff_client(manager)
        waiting = list(run.rows.undecided().order_by("position"))

        answers = [
            press(client, row, button, why="Asked.").headers["HX-Redirect"]
            for row, button in zip(
                waiting, ["take_this", "leave_this", "put_this_aside", "take_this"], strict=False
            )
        ]

        assert answers[0] == page(waiting[1])
        assert answers[-1] == f"{ROWS}?run__id__exact={run.pk}"
        verdicts = [
            row.verdict for row in run.rows.with_verdict().filter(needs_decision=True).order_by("position")
        ]
        assert verdicts == ["take", "leave", "quarantine", "take"]
        assert "Asked." in client.get(page(waiting[0])).content.decode()

    @pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("doctor", 403)])
    def test_is_decided_by_managers(self, role, status, run, make_user, staff_client):
        row = run.rows.undecided().first()

        answer = press(staff_client(make_user(role)), row, "take_this", why="No.")

        assert (answer.status_code, Decision.objects.count()) == (status, 0)

    def test_that_changes_nothing_offers_no_decision(self, sample, damaged, manager, reviewer, staff_client):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        run = imports.checked("alma", damaged("alma", lambda book: book["Sheet1"].delete_rows(2)))
        client = staff_client(manager)

        assert (
            "take_this" not in client.get(page(run.rows.filter(outcome="unchanged").first())).content.decode()
        )
        assert "take_this" in client.get(page(run.rows.get(outcome="gone"))).content.decode()
