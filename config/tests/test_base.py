import uuid

import pytest
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config import schedules
from config.base import acting_as, forbid_transaction, uuid7


def test_keys_are_uuid7_in_the_order_of_time():
    keys = [uuid7() for _ in range(100)]

    assert {key.version for key in keys} == {7}
    assert {type(key) for key in keys} == {uuid.UUID}
    assert keys == sorted(keys)


@pytest.mark.django_db
def test_nothing_leaves_the_machine_inside_a_transaction():
    forbid_transaction()

    with transaction.atomic(), pytest.raises(RuntimeError, match="before or after"):
        forbid_transaction()


@pytest.mark.django_db
def test_migrate_carries_the_schedules_over():
    assert dict(Schedule.objects.values_list("name", "func")) == {
        name: task for name, (task, _) in schedules.SCHEDULES.items()
    }


@pytest.mark.parametrize("task", [task for task, _ in schedules.SCHEDULES.values()])
def test_scheduled_tasks_exist(task):
    assert callable(import_string(task))


class TestActingAs:
    def test_signs_versions_where_no_request_does(self, manager, make_user):
        with acting_as(manager):
            someone = make_user("patient")

        assert someone.history.get().history_user == manager

    def test_ends_with_its_block(self, manager, make_user):
        with acting_as(manager):
            pass

        assert make_user("patient").history.get().history_user is None
