"""What the manager's first page is made of."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.models import Failure

from billing.models import Dispute, Payment, StripeEvent
from clinic import assessing, boards, booking, requesting
from clinic.models import AdverseEvent, Appointment, Incident
from messaging.models import Letter

NOON = "2026-03-03T01:00Z"  # in Sydney, a Tuesday


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def book(make_slot, make_patient, fees):
    def do(name: str, hours: float):
        return booking.hold(make_slot(hours=hours), patient=make_patient(name), by=None)

    return do


def numbers(board: dict, name: str) -> dict:
    return {figure.label: figure.value for figure in board[name] if figure.value}


class TestBoard:
    def test_counts_today(self, manager, book, settle):
        settle(book("ada", 1))
        book("ben", 2)
        book("dan", 3).move_to(Appointment.Status.EXPIRED, by=None)
        book("cleo", 24)

        board = boards.manager.board(manager)

        assert numbers(board, "statuses") == {
            "Held for payment": 1,
            "Confirmed": 1,
            "Not paid in time": 1,
        }
        assert numbers(board, "numbers") == {
            "Appointments today": 2,
            "Taken today": "A$80.00",
            "Taken this week": "A$80.00",
            "New patients this week": 4,
        }

    def test_tells_this_week_from_today_and_from_last_week(self, manager, book, settle):
        for hours, paid_at in [(1, "2026-03-02T13:00Z"), (2, "2026-03-02T12:59Z"), (3, "2026-03-01T12:59Z")]:
            order = settle(book(f"patient{hours}", hours)).order
            Payment.objects.filter(order=order).update(paid_at=paid_at)

        taken = numbers(boards.manager.board(manager), "numbers")

        assert (taken["Taken today"], taken["Taken this week"]) == ("A$80.00", "A$160.00")

    def test_lists_what_waits_for_somebody(self, manager, held):
        now = timezone.now()
        Letter.objects.add(by=None, to="a@example.com", template="t", status="failed", next_attempt_at=now)
        for number in range(2):
            StripeEvent.objects.add(
                by=None, event_id=f"evt_{number}", kind="k", about="a", livemode=False, received_at=now
            )
        for days in (1, 8):
            stopped = now - timedelta(days=days)
            Failure.objects.create(
                id=f"{days:032}", name=f"t{days}", func="f", started=stopped, stopped=stopped, success=False
            )

        assert numbers(boards.manager.board(manager), "queues") == {
            "Times held for payment": 1,
            "Letters that could not be sent": 1,
            "Payment events not yet handled": 2,
            "Doctors to be verified": 1,
            "Rules of states to be checked": 8,
            "Background tasks that failed": 1,
        }

    def test_tells_of_holds_that_stay_although_their_time_is_over(self, manager, book, noon, staff_client):
        stuck = book("ada", 48)
        noon.shift(timedelta(minutes=20))
        book("ben", 49)
        noon.move_to(stuck.held_until + timedelta(minutes=9))
        at_first = numbers(boards.manager.board(manager), "queues")
        noon.move_to(stuck.held_until + timedelta(minutes=11))

        board = boards.manager.board(manager)

        figure = next(line for line in board["queues"] if line.label == "Holds that could not be ended")
        listed = staff_client(manager).get(figure.link)
        assert "Holds that could not be ended" not in at_first
        assert (figure.value, figure.is_urgent) == (1, True)
        assert list(listed.context["cl"].result_list) == [stuck]

    def test_lists_the_next_paid_appointments_the_first_first(self, manager, book, settle, noon):
        over, late, early = settle(book("ada", 1)), settle(book("ben", 30)), settle(book("cleo", 5))
        book("dan", 6)
        noon.shift(timedelta(hours=1, minutes=1))

        assert boards.manager.board(manager)["upcoming"] == [early, late]
        assert over not in boards.manager.board(manager)["upcoming"]


class TestDeadlines:
    @pytest.fixture
    def dispute(self, book, settle):
        """Make a dispute that is to be answered so many hours from now."""

        def do(name: str, hours: float, status: str = "needs_response") -> Dispute:
            now = timezone.now()
            return Dispute.objects.add(
                payment=settle(book(name, hours + 1)).order.payments.get(),
                stripe_id=f"dp_{name}",
                amount="80.00",
                reason="general",
                status=status,
                opened_at=now,
                due_at=now + timedelta(hours=hours),
                by=None,
            )

        return do

    def test_are_those_of_open_disputes_the_most_urgent_first(self, manager, dispute):
        far, near = dispute("ada", 73), dispute("ben", 23)
        dispute("cleo", 12, status="under_review")
        dispute("dan", 13, status="lost")

        shown = boards.manager.board(manager)["deadlines"]

        assert [tuple(one) for one in shown] == [(near, "Tomorrow", True), (far, "In 3 days", False)]

    @pytest.mark.parametrize(
        ("hours", "left", "is_near"),
        [(1, "Today", True), (-2, "Too late", True), (72, "In 3 days", True), (200, "In 8 days", False)],
    )
    def test_stand_out_when_they_are_near(self, manager, dispute, noon, hours, left, is_near):
        dispute("ada", 298)
        noon.shift(timedelta(hours=298 - hours))

        [deadline] = boards.manager.board(manager)["deadlines"]

        assert (deadline.left, deadline.is_near) == (left, is_near)

    def test_lead_to_the_dispute_from_the_managers_first_page_alone(
        self, manager, reception, dispute, staff_client
    ):
        link = f"/admin/billing/dispute/{dispute('ada', 23).pk}/change/"

        page = staff_client(manager).get("/admin/").content.decode()

        assert link in page
        assert "Evidence due by Wednesday 4 March, 11:00 am" in page
        assert link not in staff_client(reception).get("/admin/").content.decode()


class TestReports:
    @pytest.fixture
    def event(self, encounter, doctor):
        """Record a serious adverse event that the TGA is to be told of in so many days."""

        def do(days: int, **fields) -> AdverseEvent:
            known_on = timezone.localdate() + timedelta(days=days - AdverseEvent.DAYS)
            told = {"medicine": "Night Oil", "description": "Fell.", "is_serious": True} | fields
            return AdverseEvent.objects.add(
                by=doctor.user, patient=encounter.patient, happened_on=known_on, known_on=known_on, **told
            )

        return do

    def test_are_due_15_days_after_we_knew_the_most_urgent_first(self, manager, doctor, event):
        event(12)
        event(-1)
        event(2, is_serious=False)
        event(3).move_to("dismissed", by=None, why="No effect of it.")

        shown = boards.manager.board(manager)["reports"]

        assert [(one.clock.due_on, one.clock.doctor, one.left, one.is_near) for one in shown] == [
            (date(2026, 3, 2), str(doctor), "Too late", True),
            (date(2026, 3, 15), str(doctor), "In 12 days", False),
        ]

    @pytest.mark.parametrize(
        ("days", "left", "is_near"),
        [(0, "Today", True), (1, "Tomorrow", True), (3, "In 3 days", True), (4, "In 4 days", False)],
    )
    def test_stand_out_when_they_are_near(self, manager, event, days, left, is_near):
        event(days)

        [report] = boards.manager.board(manager)["reports"]

        assert (report.left, report.is_near) == (left, is_near)

    def test_tell_the_manager_when_and_who_and_nothing_of_the_record(
        self, manager, reception, event, doctor, patient, staff_client
    ):
        event(3)

        page = staff_client(manager).get("/admin/").content.decode()

        assert f"{doctor} has to tell the TGA and the sponsor" in page
        assert "By Friday 6 March." in page
        assert [word in page for word in ("Night Oil", "Fell.", str(patient.pk))] == [False] * 3
        assert "has to tell the TGA" not in staff_client(reception).get("/admin/").content.decode()

    def test_are_read_in_two_statements_however_many(self, manager, event, django_assert_num_queries):
        for days in (1, 2, 3):
            event(days)

        with django_assert_num_queries(2):
            boards.manager.reports(manager, boards.figures.today())


class TestCharts:
    def test_count_each_day_of_six_weeks_by_the_practices_calendar(self, manager, book, settle, timed):
        timed(settle(book("ada", 1)), "2026-02-27T13:00Z")
        book("ben", 2)

        visits, income = boards.manager.board(manager)["charts"]

        assert (visits.days[0], visits.days[-1], len(visits.days)) == (
            date(2026, 1, 21),
            date(2026, 3, 3),
            42,
        )
        assert list(visits.table) == [
            (date(2026, 3, 3), ["0", "1", "0", "0"]),
            (date(2026, 2, 28), ["0", "1", "0", "0"]),
        ]
        assert list(income.table) == [(date(2026, 3, 3), ["A$80.00"])]

    def test_are_empty_before_the_first_day(self, manager):
        assert [chart.is_empty for chart in boards.manager.board(manager)["charts"]] == [True, True]


class TestDuties:
    def test_count_what_waits_and_lead_to_its_lists(self, manager, patient, staff_client):
        incident = Incident(name="Lost", aware_on=timezone.localdate(), what_happened="A phone was lost.")
        assessing.record(incident, by=manager)
        requesting.ask(patient, kind="access", by=patient.user)

        board = boards.manager.board(manager)

        waiting = {"Incidents to decide": 1, "Requests about one’s data": 1}
        assert waiting.items() <= numbers(board, "queues").items()
        links = [figure.link for figure in board["queues"] if figure.label in waiting]
        counts = [staff_client(manager).get(link).context["cl"].result_count for link in links]
        assert counts == [1, 1]

    def test_a_request_stands_out_near_its_end(self, manager, patient):
        asked_on = timezone.localdate() - timedelta(days=28)
        requesting.ask(patient, kind="access", by=manager, asked_on=asked_on)

        queues = boards.manager.board(manager)["queues"]

        assert [one.is_urgent for one in queues if one.label == "Requests about one’s data"] == [True]

    def test_a_doctor_sees_the_corrections_that_are_theirs(self, confirmed, patient, doctor, make_doctor):
        requesting.ask(patient, kind="correction", text="No asthma.", is_clinical=True, by=patient.user)

        theirs = numbers(boards.doctor.board(doctor.user), "numbers")
        others = numbers(boards.doctor.board(make_doctor("other").user), "numbers")

        assert theirs["Corrections to answer by 02/04"] == 1
        assert not [label for label in others if label.startswith("Corrections")]
