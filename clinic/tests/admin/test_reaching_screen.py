"""How a patient's page looks to the desk when letters come back: light and dark."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from clinic.tests.admin.test_reaching import AT, page
from messaging import choosing
from messaging.models import Delivery
from messaging.tests.views.test_letter_screens import picture
from messaging.tests.views.test_room_screens import DESK, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_is_warned_and_notes_what_the_patient_wants(
    request,
    chromium,
    web,
    staff_client,
    reception,
    patient,
    scheme,
):
    call_command("createcachetable", "shared_cache")  # the desk counts what waits there
    Delivery.objects.create(event_id="1", to=patient.user.email, outcome="bounced", at=AT)
    cookie = staff_client(reception).cookies["sessionid"].value
    context = chromium.new_context(viewport=DESK, color_scheme=scheme, reduced_motion="reduce")
    request.addfinalizer(context.close)
    address = f"http://127.0.0.1:{web.port}"
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    desk = context.new_page()
    desk.broken = []
    desk.goto(address + page(patient))

    expect(desk.get_by_text("Please ring them")).to_be_visible()
    look(desk)
    picture(desk, f"patient-{scheme}")
    desk.get_by_role("link", name="Choose letters").or_(
        desk.get_by_role("button", name="Choose letters")
    ).first.click()
    expect(desk.get_by_label("Reminders before an appointment")).to_be_visible()
    look(desk)
    picture(desk, f"dialog-{scheme}")
    desk.get_by_label("Reminders before an appointment").uncheck()
    desk.get_by_role("button", name="Choose letters").last.click()

    expect(desk.get_by_text("Noted.")).to_be_visible()
    assert choosing.wanted_by(patient.user) == {"messages", "papers", "notices"}
