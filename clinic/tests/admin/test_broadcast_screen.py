"""How a notice to patients looks before it is approved, and is approved: light and dark."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from clinic.models import Broadcast
from clinic.tests.admin.test_broadcasts import page
from messaging.tests.views.test_letter_screens import picture
from messaging.tests.views.test_room_screens import DESK, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_second_manager_reads_it_as_a_patient_does_and_approves(
    request,
    chromium,
    web,
    staff_client,
    manager,
    notice,
    scheme,
):
    call_command("createcachetable", "shared_cache")  # the desk counts what waits there
    cookie = staff_client(manager).cookies["sessionid"].value
    context = chromium.new_context(viewport=DESK, color_scheme=scheme, reduced_motion="reduce")
    request.addfinalizer(context.close)
    address = f"http://127.0.0.1:{web.port}"
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    desk = context.new_page()
    desk.broken = []
    desk.goto(address + page(notice))

    expect(desk.get_by_text("Hello Patient,")).to_be_visible()
    picture(desk, f"notice-{scheme}")
    look(desk)
    desk.get_by_role("link", name="Approve").or_(desk.get_by_role("button", name="Approve")).first.click()
    expect(desk.get_by_text("You have read it as a patient reads it")).to_be_visible()
    desk.get_by_role("button", name="Approve").last.click()

    expect(desk.get_by_text("The notice is approved and can be sent.")).to_be_visible()
    assert Broadcast.objects.get().approved_by == manager
