"""The demo clinic's public site: written once, live, and cheap to make."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import publishing
from clinic.demo import website
from clinic.models import MenuItem, Page, Snippet

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 6


@pytest.fixture
def site(manager, practice, doctor, short_visit, fees, mondays, files):
    mondays.save()
    website.write(manager)


def test_is_live_and_says_what_the_practice_does(site, client):
    pages = {page.address: client.get(page.address) for page in Page.objects.filter(is_for="public")}

    assert {address: answer.status_code for address, answer in pages.items()} == dict.fromkeys(
        [
            "/",
            "/how-it-works/",
            "/our-doctors/",
            "/fees/",
            "/questions-and-answers/",
            "/contact/",
            "/privacy/",
        ],
        200,
    )
    told = {address: answer.content.decode() for address, answer in pages.items()}
    assert "Dr Doctor Example" in told["/our-doctors/"]
    assert "A$80.00" in told["/fees/"]
    assert "9 am to 10 am" in told["/contact/"]
    assert "What is the main reason for your visit?" in told["/how-it-works/"]
    assert 'href="/questions-and-answers/">FAQ</a>' in told["/"]


def test_asks_the_database_seldom_even_when_nothing_is_kept(site, client):
    client.get("/")
    counts = {}
    for address in Page.objects.filter(is_for="public").values_list("address", flat=True):
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        counts[address] = len(asked)

    assert {address: count for address, count in counts.items() if count > MOST_STATEMENTS} == {}


def test_is_written_once_and_left_as_somebody_changed_it(site, manager):
    fees = Page.objects.get(slug="fees")
    said = publishing.content(fees) | {"title": "Our fees"}
    publishing.rewrite(fees, said, saw=publishing.mark(fees), by=manager)
    before = [model.objects.count() for model in (Page, MenuItem, Snippet)]

    call_command("seed_website")

    fees.refresh_from_db()
    assert fees.title == "Our fees"
    assert [model.objects.count() for model in (Page, MenuItem, Snippet)] == before


def test_wants_a_manager(db):
    with pytest.raises(CommandError, match="no manager"):
        call_command("seed_website")
