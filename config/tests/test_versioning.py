"""A new row and its first version are one statement."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from billing import charging
from billing.models import Order
from clinic.models import AppointmentType, AuditEvent

pytestmark = pytest.mark.django_db


def test_a_new_row_and_its_version_are_one_statement(manager):
    with CaptureQueriesContext(connection) as asked:
        kind = AppointmentType.objects.add(by=manager, why="New.", name="Short", minutes=15)

    version = kind.history.get()
    assert len(asked) == 1
    assert (version.history_type, version.history_user, version.history_change_reason) == (
        "+",
        manager,
        "New.",
    )
    assert (version.name, version.minutes) == ("Short", 15)
    assert AppointmentType.objects.get() == kind
    assert AuditEvent.objects.filter(record_id=kind.pk, action="setting_change", by=manager).count() == 1


def test_what_the_database_makes_of_it_is_told(make_user):
    line = charging.Line("Consultation", "gst_free", Decimal("80.00"))
    order = charging.open_order(payer=make_user("patient"), lines=[line], by=None)

    there = Order.objects.get()
    assert (order.number, order.status, order.kept) == (there.number, there.status, there.kept)
    order.change(earner=make_user("doctor"), by=None, why="Theirs.")  # it is known as written
    assert there.history.count() == 2


def test_a_row_that_is_refused_leaves_no_version(manager):
    with pytest.raises(IntegrityError):
        AppointmentType.objects.add(by=manager, name="No time", minutes=0)
