"""What is on the staff site for whom."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import StripeEvent
from clinic import desk
from clinic.models import Role
from messaging.models import Letter

STAFF = [Role.MANAGER, Role.RECEPTION, Role.DOCTOR, Role.AUDITOR]
CATALOGUE = {"Products", "Prices", "Suppliers"}
REQUESTS = "Requests about one’s data"
PRIVACY = {
    REQUESTS,
    "Incidents",
    "Closed accounts",
    "Legal holds",
    "Destruction register",
    "Recipients overseas",
}
ALWAYS = {
    "Questions to patients",
    "What patients agree to",
    "What our mail says",
    "Calls for help",
    *("Pages", "Menus", "Snippets", "Pictures"),
    *("Dashboard", "Appointments", "Patients", "Practitioners", "Audit trail"),
    *("Practice", "Appointment types", "Cancellation policies", "Rosters", "Leave and holidays", "Times"),
}
CLINICAL = {
    "Consultations",
    "Notes",
    "Prescriptions",
    "Approvals",
    "Monitoring checks",
    "Documents",
    "Consents",
    *("Papers to sign and send", "Pharmacies", "Prescribing in figures", "Registers"),
    *("Adverse events", "Letters about patients", "Texts for letters", "Templates for notes"),
}
MONEY = {
    "Revenue",
    "Day close",
    "Differences",
    "Disputes",
    "Payouts",
    "Orders",
    "Payments",
    "Refunds",
    "Receipts",
    "Ledger",
    "Fees",
    "Payment events",
    "Money settings",
}
RECORDS = {"Checks of the records", "Words that may stand after all"}
TASKS = {"Waiting tasks", "Failed tasks", "Finished tasks", "Schedules"}
SHOWN = {
    Role.MANAGER: ALWAYS
    | CATALOGUE
    | MONEY
    | TASKS
    | RECORDS
    | {
        "Opened outside care",
        "Accounts",
        "Approvals",
        "Conversations",
        "Imports",
        "Layouts of lists",
        "Rules for imports",
        "Letters",
        "Waiting list",
        "Rules of the states",
        *("Papers to sign and send", "Pharmacies", "Prescribing in figures"),
        *("Texts for letters", "Templates for notes", "Words that call for help"),
        *("Notices to patients", "Words kept out of public texts"),
        *PRIVACY,
    },
    Role.RECEPTION: ALWAYS
    | {
        REQUESTS,
        "Conversations",
        "Orders",
        "Receipts",
        "Letters",
        "Waiting list",
        "Papers to sign and send",
        "Pharmacies",
    },
    Role.DOCTOR: ALWAYS
    | CATALOGUE
    | CLINICAL
    | {"Conversations", "Favourites", "Revenue", "Rules of the states", "Opened outside care", REQUESTS},
    Role.AUDITOR: ALWAYS
    | CATALOGUE
    | CLINICAL
    | MONEY
    | RECORDS
    | {
        "Opened outside care",
        "Accounts",
        "Imports",
        "Layouts of lists",
        "Rules for imports",
        "Conversations",
        "Letters",
        "Waiting list",
        "Rules of the states",
        "Words that call for help",
        *("Notices to patients", "Words kept out of public texts"),
        *PRIVACY,
    },
}


@pytest.fixture
def sidebar_of(make_user, rf):
    def read(role: str) -> dict[str, dict]:
        request = rf.get("/admin/")
        request.user = make_user(role, f"another-{role}")
        return {item["title"]: item for group in desk.sidebar(request) for item in group["items"]}

    return read


class TestSidebar:
    @pytest.mark.parametrize("role", STAFF)
    def test_shows_each_role_the_lists_it_may_read(self, sidebar_of, role):
        assert set(sidebar_of(role)) == SHOWN[role]

    @pytest.mark.parametrize("role", STAFF)
    def test_leads_to_pages_that_open(self, make_user, staff_client, role):
        client = staff_client(make_user(role))
        links = [
            item["link"]
            for group in client.get("/admin/").context["sidebar_navigation"]
            for item in group["items"]
        ]

        answers = {link: client.get(link, follow=True).status_code for link in links}

        assert answers == dict.fromkeys(links, 200)

    @pytest.mark.parametrize("role", STAFF)
    def test_counts_in_one_statement(self, make_user, rf, role, django_assert_num_queries):
        request = rf.get("/admin/")
        request.user = make_user(role, "counting")
        assert request.user.has_perm("clinic.view_practice")  # what one may do is asked once

        with django_assert_num_queries(1):
            desk.sidebar(request)

    def test_counts_what_waits(self, make_user, sidebar_of):
        now = timezone.now()
        for status in ["failed", "failed", "sent"]:
            Letter.objects.add(
                by=None,
                to="a@example.com",
                template="t",
                status=status,
                next_attempt_at=now,
                subject="A letter",
            )
        StripeEvent.objects.add(
            by=None, event_id="evt_1", kind="k", about="a", livemode=False, received_at=now
        )

        items = sidebar_of(Role.MANAGER)

        assert {title: item.get("badge") for title, item in items.items() if "badge" in item} == {
            "Letters": 2,
            "Payment events": 1,
        }

    @pytest.mark.parametrize(("role", "badge"), [(Role.RECEPTION, 1), (Role.MANAGER, 1), (Role.DOCTOR, None)])
    def test_counts_holds_for_those_who_keep_the_book(self, sidebar_of, held, role, badge):
        assert sidebar_of(role)["Appointments"].get("badge") == badge

    def test_counts_again_only_after_a_while(self, manager, rf, django_assert_num_queries):
        request = rf.get("/admin/")
        request.user = manager
        desk.sidebar(request)

        with django_assert_num_queries(0):
            desk.sidebar(request)


class TestFailedTasks:
    def test_are_nothing_to_those_who_may_not_see_the_queue(self, make_user):
        since = timezone.now() - timedelta(days=1)

        assert desk.failed_tasks(make_user(Role.DOCTOR), since=since) == 0


class TestEnvironment:
    @pytest.mark.parametrize(
        ("name", "label", "prefix"),
        [
            ("demo", ("Demo – invented people", "warning"), "[Demo]"),
            ("test", ("Test", "info"), "[Test]"),
            ("production", None, None),
        ],
    )
    def test_is_told_apart_from_the_real_practice(self, settings, rf, name, label, prefix):
        settings.ENVIRONMENT = name

        assert desk.environment(rf.get("/admin/")) == label
        assert desk.title_prefix(rf.get("/admin/")) == prefix

    def test_stands_on_every_page(self, settings, manager, staff_client):
        settings.ENVIRONMENT = "demo"

        page = staff_client(manager).get("/admin/").content.decode()

        assert "Demo – invented people" in page
        assert "<title>[Demo]" in page


class TestPage:
    def test_is_the_list_cut_down_by_filters(self):
        assert desk.page("clinic.appointment") == "/admin/clinic/appointment/"
        assert (
            desk.page("clinic.appointment", status__exact="held")
            == "/admin/clinic/appointment/?status__exact=held"
        )


def test_only_the_page_that_is_open_is_marked(make_user, rf):
    request = rf.get(reverse("admin:clinic_revenue_changelist"))
    request.user = make_user("manager")

    marked = [
        item["title"] for group in desk.sidebar(request) for item in group["items"] if item.get("active")
    ]

    assert marked == ["Revenue"]
