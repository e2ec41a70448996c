"""What patients agree to, at the desk: written and published by managers, read by everybody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import consenting, phrasing
from clinic.models import ConsentDraft, ConsentText

pytestmark = pytest.mark.django_db
LIST = reverse("admin:clinic_consentdraft_changelist")


@pytest.fixture
def draft(db):
    return ConsentDraft.objects.get(kind="privacy")


def page_of(draft) -> str:
    return reverse("admin:clinic_consentdraft_change", args=[draft.pk])


def save(browser, draft, body: str, **more):
    return browser.post(page_of(draft), {"body": body, "seen": phrasing.mark(draft), **more}, follow=True)


def publish(browser, draft):
    address = reverse("admin:clinic_consentdraft_publish", args=[draft.pk])
    return browser.post(address, {"_form_submitted": "1"})


def test_a_manager_writes_looks_and_publishes(staff_client, manager, practice, draft):
    desk = staff_client(manager)

    save(desk, draft, "We keep your name.\r\n\r\nWe tell nobody.")
    page = desk.get(page_of(draft)).content.decode()
    before = consenting.text("privacy")
    publish(desk, draft)

    assert "<p>We keep your name.</p>" in page
    assert "<ins>We tell nobody.</ins>" in page
    assert before != consenting.text("privacy") == "We keep your name.\n\nWe tell nobody."
    assert ConsentText.objects.of("privacy").first().recorded_by == manager


def test_what_cannot_be_asked_stays_on_the_page(staff_client, manager, practice):
    fees = ConsentDraft.objects.get(kind="fees")

    page = save(staff_client(manager), fees, "I pay, {cancelling}").content.decode()

    assert "{missing} must stand in it" in page
    assert "I pay, {cancelling}</textarea>" in page
    fees.refresh_from_db()
    assert "{missing}" in fees.body


def test_who_did_not_see_the_last_state_is_told(staff_client, manager, practice, draft):
    desk, saw = staff_client(manager), phrasing.mark(draft)
    save(desk, draft, "First.")

    page = save(desk, draft, "Second.", seen=saw).content.decode()

    assert "Somebody else changed this text while you wrote." in page


def test_a_version_stands_beside_the_one_before(staff_client, manager, practice, reword):
    text = reword("privacy", more="We send a pigeon.")

    page = staff_client(manager).get(reverse("admin:clinic_consenttext_change", args=[text.pk]))

    assert "<ins>We send a pigeon.</ins>" in page.content.decode()


def test_a_consent_shows_its_words(staff_client, auditor, practice, patient, reword):
    consenting.agree(patient, kinds=["privacy"], by=patient.user)
    reword("privacy", more="We send a pigeon.")

    page = (
        staff_client(auditor)
        .get(reverse("admin:clinic_consent_change", args=[patient.consents.get().pk]))
        .content.decode()
    )

    assert "My record is kept in Australia" in page
    assert "pigeon" not in page


@pytest.mark.parametrize("name", ["doctor", "auditor", "reception"])
def test_others_only_read(staff_client, practice, draft, request, name):
    person = request.getfixturevalue(name)
    desk = staff_client(getattr(person, "user", person))

    shown = desk.get(page_of(draft)).status_code
    save(desk, draft, "Mine.")
    publish(desk, draft)

    draft.refresh_from_db()
    assert (shown, draft.body == "Mine.", ConsentText.objects.of("privacy").count()) == (200, False, 1)


def test_the_list_asks_no_more_for_many(staff_client, manager, practice, reword):
    desk, counts = staff_client(manager), []
    desk.get(LIST)
    for search in ("?kind__exact=privacy", ""):
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(f"{LIST}{search}").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]
