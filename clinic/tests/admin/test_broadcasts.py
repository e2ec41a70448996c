"""The pages on which a notice is written, approved, sent and stopped."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic import broadcasting
from clinic.models import Addressee, AdvertisingTerm, Broadcast
from clinic.tests.admin.conftest import press

pytestmark = pytest.mark.django_db
LIST = reverse("admin:clinic_broadcast_changelist")
ADD = reverse("admin:clinic_broadcast_add")
FIELDS = {"subject": "Closed on Monday", "text": "We are closed on Monday.", "state": "", "practitioner": ""}


def page(notice):
    return reverse("admin:clinic_broadcast_change", args=[notice.pk])


def test_a_manager_writes_one_and_another_approves_sends_and_stops_it(staff_client, author, manager, patient):
    answer = staff_client(author).post(ADD, FIELDS)
    notice = Broadcast.objects.get()
    press(staff_client(author), notice, "approve")
    notice.refresh_from_db()
    first = notice.status
    client = staff_client(manager)
    seen = client.get(page(notice)).content.decode()
    press(client, notice, "approve")
    press(client, notice, "send")
    press(client, notice, "stop", why="Open after all.")
    notice.refresh_from_db()

    assert (answer.status_code, notice.author, first) == (302, author, "draft")
    assert "1 now" in seen
    assert "Hello Patient," in seen
    assert (notice.status, notice.approved_by) == ("stopped", manager)


def test_what_would_advertise_is_refused_with_the_words_named(staff_client, author):
    answer = staff_client(author).post(ADD, FIELDS | {"text": "New:\nplant medicine"})

    assert answer.status_code == 400
    assert "“plant medicine” (Text, line 2)" in answer.content.decode()
    assert not Broadcast.objects.exists()


def test_a_draft_is_changed_and_what_was_approved_is_not(staff_client, author, manager, notice):
    client = staff_client(author)
    client.post(page(notice), FIELDS | {"subject": "Closed on Tuesday"})
    notice.refresh_from_db()
    first = notice.subject
    broadcasting.approve(notice, by=manager)
    answer = client.post(page(notice), FIELDS)
    notice.refresh_from_db()

    assert (first, answer.status_code, notice.subject) == ("Closed on Tuesday", 403, "Closed on Tuesday")


@pytest.mark.parametrize(
    ("role", "sees", "writes"),
    [("auditor", 200, 403), ("reception", 403, 403), ("doctor", 403, 403)],
)
def test_others(staff_client, make_user, notice, role, sees, writes):
    client = staff_client(make_user(role, "other"))

    assert client.get(LIST).status_code == sees
    assert client.get(page(notice)).status_code == sees
    assert client.post(ADD, FIELDS).status_code == writes
    assert press(client, notice, "approve").status_code == 403
    notice.refresh_from_db()
    assert notice.status == "draft"


def test_patients_have_no_such_page(client, patient, notice):
    client.force_login(patient.user)

    assert client.get(LIST).status_code == 404
    assert client.get(page(notice)).status_code == 404


def test_a_patient_sees_only_that_they_were_written_to(patient, make_patient, notice, manager):
    broadcasting.approve(notice, by=manager)
    broadcasting.send(notice, by=manager)
    other = make_patient("other")
    broadcasting.carry_on(now=timezone.now())

    assert Addressee.objects.visible_to(patient.user).get().patient == patient
    assert Addressee.objects.visible_to(other.user).get().patient == other
    assert Addressee.objects.visible_to(manager).count() == 2
    assert not Broadcast.objects.visible_to(patient.user).exists()
    assert not AdvertisingTerm.objects.visible_to(patient.user).exists()


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_costs_the_same_for_many(staff_client, author, many, django_assert_max_num_queries):
    for _ in range(many):
        Broadcast.objects.add(by=author, author=author, subject="Closed", text="Closed.")
    client = staff_client(author)
    client.get(LIST)

    with django_assert_max_num_queries(10):
        client.get(LIST)
