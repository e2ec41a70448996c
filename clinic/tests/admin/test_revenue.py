"""Revenue on the staff site: who sees whose, the chart, the days, the files."""

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from clinic import booking
from clinic.admin import revenue
from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:clinic_revenue_changelist")


def file(kind: str) -> str:
    return reverse("admin:clinic_revenue_file", args=[kind])


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("auditor", 200), ("doctor", 200), ("reception", 403)]
)
def test_who_may_look(make_user, staff_client, role, status):
    client = staff_client(make_user(role))

    assert [client.get(page).status_code for page in (PAGE, file("csv"))] == [status, status]


def test_patients_find_nothing(patient, client):
    client.force_login(patient.user)

    assert client.get(PAGE, follow=True).status_code == 404


def test_a_doctor_sees_no_colleague(confirmed, doctor, make_doctor, staff_client):
    other = make_doctor("zoe")

    own, others = (staff_client(one.user).get(PAGE).content.decode() for one in (doctor, other))

    assert ("Your earnings" in own, "A$80.00" in own) == (True, True)
    assert ("Nothing was earned in this time" in others, str(doctor) in others) == (True, False)
    assert str(doctor) not in staff_client(other.user).get(file("csv")).content.decode()


def test_the_chart_stacks_the_types_of_each_week(confirmed, manager, staff_client):
    page = staff_client(manager).get(PAGE)

    drawn = json.loads(page.context_data["chart"].data)
    assert {one["label"]: sum(one["data"]) for one in drawn["datasets"]} == {"Short consultation": 80.0}
    assert len(drawn["labels"]) == len(drawn["datasets"][0]["data"])


def test_the_chart_has_no_more_series_than_colours(confirmed, manager, staff_client):
    found = staff_client(manager).get(PAGE).context_data["revenue"]
    part = found.parts[0]
    many = found._replace(parts=[part._replace(appointment_type=f"Type {letter}") for letter in "ABCDEF"])

    drawn = revenue.chart(many)

    assert [*drawn.series] == ["Type A", "Type B", "Type C", revenue.REST]
    assert sum(drawn.series[revenue.REST]) == 3 * 80


def test_the_workbook_holds_numbers_and_is_in_the_trail(confirmed, manager, staff_client):
    answer = staff_client(manager).get(file("xlsx"))

    rows = [
        [cell.value for cell in row] for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows()
    ]
    assert rows[0][:3] == ["Week from", "Practitioner", "Appointment type"]
    assert rows[1][1:] == [str(confirmed.slot.practitioner), "Short consultation", 80, 0, 0, 80, 0]
    event = AuditEvent.objects.get(action="export")
    assert (event.by, event.why.startswith("Revenue, 1 July 2026 to ")) == (manager, True)


@pytest.mark.parametrize("address", [PAGE, file("csv")])
def test_days_that_are_none_are_a_mistake(manager, staff_client, address):
    answer = staff_client(manager).get(address, {"first": "2026-07-02", "last": "2026-07-01"})

    assert answer.status_code == 400
    assert "Please choose a last day that is not before the first." in answer.content.decode()


def test_asks_the_database_as_often_for_one_and_three(
    confirmed, manager, staff_client, make_slot, make_patient, settle
):
    client = staff_client(manager)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        client.get(PAGE)
    for number in (1, 2):
        settle(booking.hold(make_slot(48 * number), patient=make_patient(f"other-{number}"), by=None))

    with CaptureQueriesContext(connection) as three:
        page = client.get(PAGE)

    assert page.context_data["revenue"].total.now.net == 240
    assert len(one) == len(three)
