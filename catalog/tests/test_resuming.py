"""Imports whose worker was stopped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog import resuming, reviewing, tasks
from catalog.models import Import, Product
from catalog.tests import imports
from config.base import work_off

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=6)


class TestResume:
    def test_has_an_abandoned_file_read(self, sample, queued_tasks):
        run = imports.received("alma", sample("alma"))
        run.move_to("reading", by=None, attempts=1)

        assert resuming.resume(now=timezone.now() + LATER) == 1
        assert queued_tasks() == ["catalog.tasks.read_import"]
        work_off()

        run.refresh_from_db()
        assert (run.status, run.rows.count()) == ("checked", 5)

    def test_has_an_approved_list_applied(self, sample, manager, reviewer):
        run = imports.reviewed("alma", sample("alma"), by=manager)
        reviewing.approve(run, by=reviewer)
        resuming.resume(now=timezone.now() + LATER)

        work_off()  # the one that was asked for, and the one that took it up again

        run.refresh_from_db()
        assert (run.status, Product.objects.count()) == ("applied", 5)

    def test_leaves_alone_what_somebody_works_on(self, sample, queued_tasks):
        imports.received("alma", sample("alma"))

        assert (resuming.resume(now=timezone.now()), queued_tasks()) == (0, [])

    def test_asks_once_in_a_while(self, sample, queued_tasks):
        imports.received("alma", sample("alma"))
        soon = timezone.now() + LATER

        assert [resuming.resume(now=soon), resuming.resume(now=soon + timedelta(minutes=1))] == [1, 0]

    def test_leaves_lists_alone_that_wait_for_people(self, sample, manager):
        imports.checked("alma", sample("alma"))

        assert resuming.resume(now=timezone.now() + timedelta(days=9)) == 0


class TestTasks:
    def test_keep_a_refusal_where_people_look(self, sample):
        run = imports.received("alma", sample("phytoca"))

        tasks.read_import(str(run.pk))

        assert Import.objects.get().status == "refused"

    def test_resume(self):
        assert tasks.resume_imports() == 0
