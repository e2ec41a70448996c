import pytest
from django.urls import reverse

from clinic import inspecting
from clinic.models import Inspection

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(confirmed, off_guard) -> Inspection:
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")
    return inspecting.inspect()


def address(inspection: Inspection) -> str:
    return f"/admin/clinic/inspection/{inspection.pk}/change/"


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_shows_what_does_not_hold(failed, confirmed, make_user, staff_client, role):
    page = staff_client(make_user(role, f"one_{role}")).get(address(failed)).content.decode()

    assert f"1 broken: {confirmed.pk}" in page
    assert "Nobody shares a time with somebody else." in page


@pytest.mark.parametrize("role", ["doctor", "reception"])
def test_is_hidden_from_others(failed, make_user, staff_client, role):
    client = staff_client(make_user(role, f"one_{role}"))

    # Django sends those who may see the model but not the row back to the first page.
    assert client.get(address(failed)).status_code in {302, 403}
    assert client.get("/admin/clinic/inspection/").status_code == 403


def test_checks_again(manager, staff_client, db):
    first = inspecting.inspect()

    button = reverse("admin:clinic_inspection_again", args=[first.pk])
    staff_client(manager).post(button, {"_form_submitted": "True"})

    assert list(Inspection.objects.values_list("recorded_by", flat=True)) == [manager.pk, None]


def test_the_list_asks_as_much_for_three_as_for_one(manager, staff_client, django_assert_max_num_queries, db):
    client = staff_client(manager)
    inspecting.inspect()
    client.get("/admin/clinic/inspection/")
    with django_assert_max_num_queries(40) as one:
        client.get("/admin/clinic/inspection/")
    inspecting.inspect()
    inspecting.inspect()

    with django_assert_max_num_queries(len(one)):
        client.get("/admin/clinic/inspection/")
