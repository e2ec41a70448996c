"""The auditor's desk as an auditor sees it: light and dark, at a desk and on a phone."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from clinic import auditing
from messaging.tests.views.test_letter_screens import picture
from messaging.tests.views.test_room_screens import DESK, PHONE, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)]
)
def test_every_page_of_the_desk_reads_well(
    request, chromium, web, staff_client, auditor, manager, patient, issued, scheme, size
):
    call_command("createcachetable", "shared_cache")
    then = timezone.now()
    patient.change(by=manager, why="She moved.", suburb="Hobart")
    auditing.note("sign_in_failed", by=None, outcome="failed", tried="a" * 24)
    today = timezone.localdate()
    context = chromium.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    request.addfinalizer(context.close)
    address = f"http://127.0.0.1:{web.port}"
    cookie = staff_client(auditor).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    desk = context.new_page()
    desk.broken = []
    desk.on("pageerror", lambda error: desk.broken.append(str(error)))
    record = reverse("admin:clinic_patient_as_at", args=[patient.pk])
    days = f"first={today - timedelta(days=3)}&last={today}"
    pages = {
        "list": f"{reverse('admin:clinic_auditevent_changelist')}?patient={patient.pk}",
        "life": reverse("admin:clinic_auditevent_life", args=["clinic.patient", patient.pk]),
        "as-at": record,
        "compared": f"{record}?at={then:%Y-%m-%dT%H:%M:%SZ}&to={timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        "sample": f"{reverse('admin:clinic_auditevent_sample')}?{days}&number=5&seed=July",
        "rights": reverse("admin:clinic_auditevent_rights"),
        "sign-ins": reverse("admin:clinic_auditevent_sign-ins"),
    }

    for name, page in pages.items():
        answer = desk.goto(address + page)
        assert answer.status == 200, name
        picture(desk, f"trail-{name}-{scheme}-{size['width']}")
        look(desk)
