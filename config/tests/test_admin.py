"""The staff site itself: what is on it, and what is not."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from billing.models import Fee
from clinic.models import AuditEvent
from config.admin import TO_BE_LOOKED_AT, PossibleButtons, ScopedAdmin
from config.base import uuid7

QUEUE = {"schedule": Schedule, "failure": Failure, "success": Success, "ormq": OrmQ}


@pytest.fixture
def schedule(db):
    return Schedule.objects.create(func="clinic.tasks.expire_holds", name="Free the slots nobody paid for")


class TestRegister:
    def test_takes_of_packages_the_queue_alone(self):
        theirs = {m._meta.label for m, a in admin.site._registry.items() if not isinstance(a, ScopedAdmin)}

        assert theirs == TO_BE_LOOKED_AT

    @pytest.mark.parametrize("name", QUEUE)
    def test_shows_the_queue_to_managers(self, staff_client, manager, name):
        assert staff_client(manager).get(f"/admin/django_q/{name}/").status_code == 200

    @pytest.mark.parametrize("name", QUEUE)
    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor"])
    def test_shows_the_queue_to_nobody_else(self, staff_client, make_user, name, role):
        assert staff_client(make_user(role)).get(f"/admin/django_q/{name}/").status_code == 403

    def test_lets_nobody_name_a_function_to_be_run(self, staff_client, manager, schedule):
        client = staff_client(manager)
        evil = {"func": "os.system", "args": "'id'", "schedule_type": "O", "repeats": "1", "name": "Evil"}

        added = client.post("/admin/django_q/schedule/add/", evil)
        changed = client.post(f"/admin/django_q/schedule/{schedule.pk}/change/", evil)
        deleted = client.post(f"/admin/django_q/schedule/{schedule.pk}/delete/", {"post": "yes"})

        assert [added.status_code, changed.status_code, deleted.status_code] == [403, 403, 403]
        assert Schedule.objects.get(pk=schedule.pk).func == "clinic.tasks.expire_holds"
        assert not Schedule.objects.filter(func="os.system").exists()

    @pytest.mark.parametrize("action", ["resubmit_task", "retry_failed", "delete_selected"])
    def test_lets_nobody_run_or_delete_a_task_from_the_list(self, staff_client, manager, action):
        now = timezone.now()
        failed = Failure.objects.create(
            id="0" * 32, name="t", func="os.system", started=now, stopped=now, success=False
        )

        staff_client(manager).post(
            "/admin/django_q/failure/", {"action": action, "_selected_action": [failed.pk], "post": "yes"}
        )

        assert (Failure.objects.count(), OrmQ.objects.count()) == (1, 0)

    @pytest.mark.parametrize(
        "address",
        [
            "otp_totp/totpdevice/",
            "otp_static/staticdevice/",
            "account/emailaddress/",
            "sessions/session/",
            "auth/group/",
        ],
    )
    def test_has_no_page_for_what_only_our_rules_change(self, staff_client, manager, address):
        assert staff_client(manager).get(f"/admin/{address}").status_code == 404


class TestButtons:
    def test_are_all_offered_where_nothing_speaks_against_one(self):
        class FeeAdmin(PossibleButtons):
            actions_detail = ["raise_it", "end_it"]

        assert FeeAdmin(Fee, admin.site).possible(Fee()) == {"raise_it", "end_it"}

    def test_are_left_out_in_one_way_everywhere(self):
        """By ``possible``: an admin that did it by itself could read a row past the person's own."""
        classes = {base for one in admin.site._registry.values() for base in type(one).__mro__}
        own = {
            c for c in classes if "get_actions_detail" in vars(c) and not c.__module__.startswith("unfold")
        }

        assert own == {PossibleButtons}


class TestOpening:
    """Which looks at a record are written down. ``fee`` may be looked at by managers alone."""

    @pytest.fixture
    def fee(self, db):
        return Fee.objects.create(
            code="late", description="Late", amount=Decimal("20.00"), effective_from=date(2026, 1, 1)
        )

    @pytest.fixture
    def looks(self):
        return lambda: [event.trace["page"] for event in AuditEvent.objects.filter(action="read")]

    @pytest.mark.parametrize("name", ["change", "history"])
    def test_is_written_down(self, staff_client, manager, fee, looks, name):
        staff_client(manager).get(reverse(f"admin:billing_fee_{name}", args=[fee.pk]))

        assert looks() == [f"admin:billing_fee_{name}"]

    def test_of_an_older_version_is_written_down(self, staff_client, manager, fee, looks):
        version = fee.history.latest()

        answer = staff_client(manager).get(
            reverse("admin:billing_fee_simple_history", args=[fee.pk, version.pk])
        )

        assert (answer.status_code, looks()) == (200, ["admin:billing_fee_simple_history"])
        assert "actionDropdownOpen" not in answer.content.decode()  # a button that leads nowhere

    def test_by_an_address_that_was_spelled_otherwise_is_written_down(
        self, staff_client, manager, fee, looks
    ):
        spelled = quote(fee.pk.urn)  # Django reads this as the same key

        answer = staff_client(manager).get(f"/admin/billing/fee/{spelled}/change/")

        assert (answer.status_code, looks()) == (200, ["admin:billing_fee_change"])

    @pytest.mark.parametrize("name", ["change", "history"])
    def test_that_was_refused_is_not(self, staff_client, reception, fee, looks, name):
        answer = staff_client(reception).get(reverse(f"admin:billing_fee_{name}", args=[fee.pk]))

        assert (answer.status_code, looks()) == (403, [])

    def test_that_found_nothing_is_not(self, staff_client, manager, fee, looks):
        staff_client(manager).get(reverse("admin:billing_fee_change", args=[uuid7()]))

        assert looks() == []


class TestSearch:
    def test_leaves_no_names_in_the_cache(self, staff_client, manager):
        cache.clear()

        page = staff_client(manager).get("/admin/search/", {"s": "patients", "extended": "1"})

        assert "Patients" in page.content.decode()
        assert [key for key in cache._cache if "search" in key] == []

    def test_says_what_else_to_try_when_nothing_is_found(self, staff_client, manager):
        page = staff_client(manager).get("/admin/search/", {"s": "zzzz", "extended": "1"})

        assert "Nothing found. Try another part of a name" in page.content.decode()

    def test_answers_an_empty_question_with_nothing(self, staff_client, manager):
        assert staff_client(manager).get("/admin/search/").context["hits"] == []


class TestPasswordChange:
    def test_is_done_where_everybody_does_it(self, staff_client, manager):
        answer = staff_client(manager).get("/admin/password_change/")

        assert (answer.status_code, answer.url) == (302, "/accounts/password/change/")


class TestLookups:
    """An address may ask a list about what it shows; hidden columns could be guessed letter by letter."""

    @pytest.mark.parametrize(
        ("role", "address"),
        [
            ("reception", "messaging/letter/?body__contains=a"),
            ("reception", "messaging/letter/?context__path__startswith=a"),
            ("auditor", "clinic/user/?password__startswith=p"),
            ("reception", "clinic/patient/?allergy__substance__icontains=a"),
            ("manager", "clinic/patient/?medicare_number__startswith=2"),
            ("reception", "clinic/appointment/?patient__medicare_number__startswith=2"),
            ("reception", "clinic/appointment/?patient__user__password__startswith=p"),
            ("doctor", "clinic/practitioner/?user__password__startswith=p"),
        ],
    )
    def test_about_hidden_columns_are_refused(self, staff_client, make_user, role, address):
        assert staff_client(make_user(role)).get(f"/admin/{address}").status_code == 400

    @pytest.mark.parametrize(
        "address",
        [
            "clinic/appointment/?status__exact=held",
            "clinic/appointment/?starts_at__gte=2026-11-01T00:00:00Z&starts_at__lt=2026-12-01T00:00:00Z",
            "billing/payment/?paid_at__gte=2026-11-01T00:00:00Z",
            "messaging/letter/?status__in=owed,failed",
        ],
    )
    def test_about_what_is_shown_or_linked_are_answered(self, staff_client, manager, address):
        assert staff_client(manager).get(f"/admin/{address}").status_code == 200
