"""People decide what goes into the catalogue, and two of them have to agree."""

from datetime import date

import pytest
import time_machine

from catalog import reviewing
from catalog.models import Decision, ImportPolicy, ImportRow
from catalog.tests import imports
from config.base import IllegalMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(damaged):
    """The list of Tasmanian Botanics with four lines to review and one that cannot be read."""

    def spoil(book):
        book["Tasmanian Botanics Product List"]["D2"] = None

    return imports.checked("tasmanian_botanics", damaged("tasmanian_botanics", spoil))


class TestVerdicts:
    def test_go_without_saying_where_nobody_has_to_look(self, run):
        rows = run.rows.with_verdict().order_by().values_list("outcome", "needs_decision", "verdict")

        assert set(rows) == {("new", False, "take"), ("new", True, ""), ("error", False, "quarantine")}

    def test_are_those_of_the_last_decision(self, run, manager):
        for verdict in ("leave", "take"):
            reviewing.decide(
                run,
                run.rows.filter(needs_decision=True),
                verdict=verdict,
                reason="Asked.",
                by=manager,
            )

        verdicts = run.rows.with_verdict().filter(needs_decision=True).values_list("verdict", flat=True)
        assert set(verdicts) == {"take"}
        assert Decision.objects.filter(row__run=run).count() == 2 * len(verdicts)


class TestDecide:
    def test_keeps_who_and_why(self, run, manager):
        count = reviewing.decide(run, run.rows.undecided(), verdict="take", reason=" Asked Jo. ", by=manager)

        decision = Decision.objects.first()
        assert count == Decision.objects.count() > 1
        assert (decision.recorded_by, decision.reason) == (manager, "Asked Jo.")
        assert not run.rows.undecided().exists()

    def test_takes_no_line_with_an_error(self, run, manager):
        with pytest.raises(reviewing.CannotBeTaken, match="One of these lines has an error"):
            reviewing.decide(run, run.rows.all(), verdict="take", reason="All.", by=manager)

        assert not Decision.objects.exists()

    def test_leaves_a_line_with_an_error_out(self, run, manager):
        reviewing.decide(run, run.rows.filter(outcome="error"), verdict="leave", reason="Title.", by=manager)

        assert run.rows.with_verdict().get(outcome="error").verdict == "leave"

    def test_asks_for_a_reason(self, run, manager):
        with pytest.raises(reviewing.ReasonMissing):
            reviewing.decide(run, run.rows.undecided(), verdict="take", reason="  ", by=manager)

    def test_has_nothing_to_say_about_lines_that_change_nothing(self, sample, damaged, manager, reviewer):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        run = imports.checked("alma", damaged("alma", lambda book: book["Sheet1"].delete_rows(2)))

        with pytest.raises(reviewing.NothingToDecide):
            reviewing.decide(
                run, run.rows.filter(outcome="unchanged"), verdict="leave", reason="x", by=manager
            )

    def test_leaves_rows_of_other_lists_alone(self, run, sample, manager):
        other = imports.checked("alma", sample("alma"))

        with pytest.raises(reviewing.NothingToDecide):
            reviewing.decide(
                run, ImportRow.objects.filter(run=other), verdict="leave", reason="x", by=manager
            )

    def test_is_over_when_the_list_is_handed_in(self, sample, manager):
        run = imports.reviewed("tasmanian_botanics", sample("tasmanian_botanics"), by=manager)

        with pytest.raises(reviewing.NotInReview, match="is to be approved; there is nothing to decide"):
            reviewing.decide(run, run.rows.all(), verdict="leave", reason="Late.", by=manager)


class TestHoldFrom:
    @time_machine.travel("2026-06-10 09:00+10:00", tick=False)
    def test_chooses_a_day(self, run, manager):
        reviewing.hold_from(run, date(2026, 7, 1), by=manager)

        run.refresh_from_db()
        assert run.effective_on == date(2026, 7, 1)

    @time_machine.travel("2026-06-10 09:00+10:00", tick=False)
    def test_refuses_a_day_that_has_passed(self, run, manager):
        with pytest.raises(reviewing.DayPassed):
            reviewing.hold_from(run, date(2026, 6, 9), by=manager)

    def test_is_over_when_the_list_is_handed_in(self, sample, manager):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        with pytest.raises(reviewing.NotInReview):
            reviewing.hold_from(run, None, by=manager)


class TestHandIn:
    def test_says_how_much_is_left(self, run, manager):
        left = run.rows.undecided().count()

        with pytest.raises(reviewing.Undecided, match=f"{left} lines still need a decision"):
            reviewing.hand_in(run, by=manager)

        assert run.status == "checked"

    def test_waits_for_approval_then(self, sample, manager):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        assert (run.status, run.reviewed_by) == ("reviewed", manager)
        assert run.reviewed_at is not None

    def test_happens_once(self, sample, manager):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        with pytest.raises(IllegalMove):
            reviewing.hand_in(run, by=manager)


class TestApprove:
    def test_needs_a_second_person(self, sample, manager):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        with pytest.raises(reviewing.SecondPersonNeeded):
            reviewing.approve(run, by=manager)

        assert run.status == "reviewed"

    def test_is_not_for_who_decided_while_a_colleague_handed_in(self, run, manager, reviewer):
        reviewing.decide(run, run.rows.undecided(), verdict="take", reason="Looked at.", by=manager)
        reviewing.hand_in(run, by=reviewer)

        for person in (manager, reviewer):
            with pytest.raises(reviewing.SecondPersonNeeded):
                reviewing.approve(run, by=person)

        assert run.status == "reviewed"

    def test_is_for_whose_decisions_a_colleague_took_again(self, run, manager, reviewer):
        for person in (manager, reviewer):
            rows = run.rows.filter(needs_decision=True)
            reviewing.decide(run, rows, verdict="take", reason="Looked at.", by=person)
        reviewing.hand_in(run, by=reviewer)

        reviewing.approve(run, by=manager)

        assert (run.status, run.approved_by) == ("approved", manager)

    @time_machine.travel("2026-06-10 09:00+10:00", tick=False)
    @pytest.mark.parametrize("again", [date(2026, 7, 2), None])
    def test_is_not_for_who_chose_the_day(self, again, sample, manager, reviewer):
        run = imports.checked("alma", sample("alma"))
        reviewing.decide(run, run.rows.undecided(), verdict="take", reason="Looked at.", by=reviewer)
        reviewing.hold_from(run, date(2026, 7, 1), by=manager)
        reviewing.hand_in(run, by=reviewer)

        with pytest.raises(reviewing.SecondPersonNeeded):
            reviewing.approve(run, by=manager)

        reviewing.send_back(run, by=manager, why="Another day.")
        reviewing.hold_from(run, again, by=reviewer)
        reviewing.hand_in(run, by=reviewer)
        reviewing.approve(run, by=manager)
        assert (run.effective_on, run.approved_by) == (again, manager)

    def test_has_a_worker_apply_it(self, sample, manager, reviewer, queued_tasks):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        reviewing.approve(run, by=reviewer)

        assert (run.status, run.approved_by) == ("approved", reviewer)
        assert queued_tasks().count("catalog.tasks.apply_import") == 1

    def test_needs_nobody_else_where_the_practice_says_so(self, sample, manager):
        ImportPolicy.objects.add(by=manager, needs_second_person=False)
        run = imports.reviewed("alma", sample("alma"), by=manager)

        reviewing.approve(run, by=manager)

        assert run.status == "approved"

    def test_is_for_reviewed_lists_only(self, run, reviewer):
        with pytest.raises(IllegalMove):
            reviewing.approve(run, by=reviewer)

    def test_may_be_declined_so_that_the_review_goes_on(self, sample, manager, reviewer):
        run = imports.reviewed("tasmanian_botanics", sample("tasmanian_botanics"), by=manager)

        reviewing.send_back(run, by=reviewer, why="Ask about the CBD 80.")

        assert (run.status, run.reviewed_by, run.reviewed_at) == ("checked", None, None)
        assert run.history.first().history_change_reason == "Ask about the CBD 80."
        assert not run.rows.undecided().exists()  # what was decided stays


class TestRefuse:
    def test_takes_nothing_and_keeps_why(self, run, manager):
        reviewing.refuse(run, by=manager, why="The supplier sends a new one.")

        assert (run.status, run.refusal) == ("refused", "The supplier sends a new one.")

    def test_is_too_late_for_what_is_applied(self, sample, manager, reviewer):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        with pytest.raises(IllegalMove):
            reviewing.refuse(run, by=manager, why="Too late.")


class TestApproveAtTerminal:
    def test_decides_what_was_left_open_and_says_where(self, run):
        reviewing.approve_at_terminal(run, by=None)

        assert (run.status, run.reviewed_by, run.approved_by) == ("approved", None, None)
        assert {decision.reason for decision in Decision.objects.all()} == {
            "Applied at the terminal, without a review."
        }

    def test_leaves_a_strength_as_it_is_and_takes_the_rest(self, sample, damaged, manager, reviewer):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        def edit(book):
            book["Sheet1"]["B2"] = "THC 2.6%"
            book["Sheet1"]["L3"] = 110

        run = imports.checked("alma", damaged("alma", edit))

        assert reviewing.approve_at_terminal(run, by=None) == 1
        rows = run.rows.with_verdict().filter(outcome="changed")
        assert {(row.stated["product_name"], row.verdict) for row in rows} == {
            ("Gannet", "leave"),
            ("Boobook", "take"),
        }

    def test_leaves_products_that_are_gone(self, sample, damaged, manager, reviewer):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        run = imports.checked("alma", damaged("alma", lambda book: book["Sheet1"].delete_rows(2)))

        reviewing.approve_at_terminal(run, by=None)

        assert run.rows.with_verdict().get(outcome="gone").verdict == "leave"
