"""Pages: what is written and what is read, now, later and no more."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import advertising, presenting, publishing, siting, tasks
from clinic.models import Page, Practice, Redirect, Snippet

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def make_page(manager):
    def make(title="How it works", parent=None, **fields) -> Page:
        slug = fields.pop("slug", title.lower().replace(" ", "-"))
        page = Page(title=title, slug=slug, parent=parent, **fields)
        publishing.begin(page, by=manager)
        return page

    return make


@pytest.fixture
def page(make_page):
    return make_page(body=[block("text", html="<p>Book a time.</p>")])


@pytest.fixture
def live(page, manager):
    publishing.publish(page, by=manager)
    return page


def block(kind, key="0190b2c8-0000-7000-8000-000000000001", **value):
    return {"id": key, "type": kind, "value": value}


def write(record, by, **said):
    whole = publishing.content(record) | said
    publishing.rewrite(record, whole, saw=publishing.mark(record), by=by)


def read(client, address="/how-it-works/"):
    answer = client.get(address)
    return answer.content.decode() if answer.status_code == 200 else answer.status_code


class TestPublish:
    def test_lets_the_public_read_what_was_written(self, page, manager, client):
        before = read(client)
        publishing.publish(page, by=manager)

        assert before == 404
        assert "Book a time." in read(client)

    def test_keeps_later_words_from_the_public_until_they_are_published(self, live, manager, client):
        write(live, manager, body=[block("text", html="<p>Ring us.</p>")])
        before = read(client)
        publishing.publish(live, by=manager)

        assert ("Ring us." in before, "Ring us." in read(client)) == (False, True)

    def test_refuses_what_readers_see_already(self, live, manager):
        with pytest.raises(publishing.NothingNew):
            publishing.publish(live, by=manager)

    def test_refuses_what_would_advertise(self, page, manager, client):
        write(page, manager, slug="buy-cbdoil", description="Ask for THC")

        with pytest.raises(advertising.Advertises) as refused:
            publishing.publish(page, by=manager)

        assert [(one.words, one.place) for one in refused.value.found] == [
            ("CBD", "Address"),
            ("THC", "Description"),
        ]
        assert Page.objects.get().live_version is None

    def test_wants_a_second_person_where_the_practice_does(self, page, manager, make_user):
        Practice.objects.add(by=None, pages_by_two=True)
        other = make_user("manager", "other")

        with pytest.raises(publishing.WroteIt):
            publishing.publish(page, by=manager)
        publishing.publish(page, by=other)
        write(page, other, title="How we work")
        with pytest.raises(publishing.WroteIt):
            publishing.publish(page, by=other)
        publishing.publish(page, by=manager)  # wrote what was published before, and nothing since

        assert page.published_by == manager

    @pytest.mark.parametrize("slug", ["portal", "accounts", "admin", "static"])
    def test_refuses_addresses_of_the_system(self, make_page, manager, slug):
        page = make_page(slug=slug)

        if slug in {"accounts", "static"}:  # nothing is there itself, only below
            publishing.publish(page, by=manager)
        else:
            with pytest.raises(siting.AddressTaken):
                publishing.publish(page, by=manager)

    def test_takes_no_version_of_another_page(self, live, make_page):
        other = make_page("Fees")

        with pytest.raises(IntegrityError, match="one of its own versions"), transaction.atomic():
            Page.objects.filter(pk=other.pk).update(
                live_version=live.live_version,
                address="/fees/",
                published_at=timezone.now(),
                published_by=live.published_by,
            )


class TestRename:
    def test_leaves_a_redirect_once_it_is_published(self, live, manager, client):
        write(live, manager, slug="first-visit")
        before = client.get("/how-it-works/").status_code
        publishing.publish(live, by=manager)

        answer = client.get("/how-it-works/")
        assert (before, answer.status_code, answer.url) == (200, 301, "/first-visit/")

    def test_takes_the_pages_below_along(self, live, make_page, manager, client):
        child = make_page("Payment", parent=live)
        publishing.publish(child, by=manager)
        write(live, manager, slug="first-visit")
        publishing.publish(live, by=manager)

        answer = client.get("/how-it-works/payment/")
        assert (answer.status_code, answer.url) == (301, "/first-visit/payment/")
        assert "Payment" in read(client, "/first-visit/payment/")

    def test_lets_another_page_have_the_old_address(self, live, make_page, manager, client):
        write(live, manager, slug="first-visit")
        publishing.publish(live, by=manager)
        other = make_page("How it works now", slug="how-it-works")
        publishing.publish(other, by=manager)

        assert "How it works now" in read(client)

    def test_redirects_end_where_the_page_is_taken_off(self, live, manager, client):
        write(live, manager, slug="first-visit")
        publishing.publish(live, by=manager)
        publishing.unpublish(live, by=manager)

        assert (read(client), Redirect.objects.count()) == (404, 1)


class TestUnpublish:
    def test_takes_the_pages_below_off_too(self, live, make_page, manager, client):
        child = make_page("Payment", parent=live)
        publishing.publish(child, by=manager)
        publishing.unpublish(live, by=manager)

        assert (read(client), read(client, "/how-it-works/payment/")) == (404, 404)

    def test_leaves_no_live_page_below_one_that_is_not(self, live, make_page, manager):
        child = make_page("Payment", parent=live)
        publishing.publish(child, by=manager)

        with pytest.raises(IntegrityError, match="below it are live"), transaction.atomic():
            Page.objects.filter(pk=live.pk).update(live_version=None, address=None)
        publishing.unpublish(live, by=manager)
        with pytest.raises(siting.NotThere):
            publishing.publish(child, by=manager)


class TestSchedule:
    def test_publishes_what_was_written_then(self, page, manager, client):
        now = timezone.now()
        publishing.schedule(page, at=now + HOUR, until=None, by=manager)
        write(page, manager, title="Something else")

        assert publishing.keep_schedule(now=now + HOUR / 2) == 0
        assert publishing.keep_schedule(now=now + HOUR) == 1
        assert publishing.keep_schedule(now=now + HOUR) == 0
        page.refresh_from_db()
        assert "<h1>How it works</h1>" in read(client)
        assert publishing.is_changed(page)

    def test_makes_up_for_a_day_off_in_the_order_of_the_clock(self, page, manager, client):
        now = timezone.now()
        publishing.schedule(page, at=now + HOUR, until=now + 2 * HOUR, by=manager)

        assert publishing.keep_schedule(now=now + 24 * HOUR) == 1
        page.refresh_from_db()
        assert (read(client), page.live_version, page.publish_at, page.unpublish_at) == (
            404,
            None,
            None,
            None,
        )
        assert page.published_at is not None

    def test_holds_back_what_may_not_be_said_any_more(self, page, manager, make_product, client):
        now = timezone.now()
        publishing.schedule(page, at=now + HOUR, until=None, by=manager)
        make_product("Book a time")

        assert publishing.keep_schedule(now=now + HOUR) == 1
        assert publishing.keep_schedule(now=now + HOUR) == 0
        page.refresh_from_db()
        assert (read(client), "“Book a time”" in page.held_back) == (404, True)

    def test_refuses_times_that_do_not_fit(self, page, manager):
        now = timezone.now()
        for at, until in [(now - HOUR, None), (now + HOUR, now + HOUR / 2), (None, now - HOUR)]:
            with pytest.raises(publishing.BadTimes):
                publishing.schedule(page, at=at, until=until, by=manager)

    def test_is_a_task_of_each_minute(self, page, manager):
        publishing.schedule(page, at=timezone.now() + HOUR, until=None, by=manager)

        tasks.publish_scheduled()

        page.refresh_from_db()
        assert page.live_version is None


class TestRewrite:
    def test_refuses_who_saw_an_older_draft(self, page, manager, make_user):
        saw = publishing.mark(page)
        write(page, make_user("manager", "other"), title="Theirs")

        with pytest.raises(publishing.ChangedMeanwhile):
            publishing.rewrite(page, publishing.content(page), saw=saw, by=manager)

    def test_writes_no_version_of_what_did_not_change(self, page, manager):
        before = page.history.count()
        write(page, manager)

        assert page.history.count() == before


class TestRestore:
    def test_goes_on_from_an_earlier_revision_without_publishing(self, live, manager, client):
        first = publishing.newest(live).history_id
        write(live, manager, title="Another title")
        publishing.publish(live, by=manager)
        publishing.restore(live, first, saw=publishing.mark(live), by=manager)

        assert live.title == "How it works"
        assert "<h1>Another title</h1>" in read(client)


class TestArrange:
    def test_moves_a_live_page_and_leaves_a_redirect(self, live, make_page, manager, client):
        other = make_page("Visits")
        publishing.publish(other, by=manager)
        moved = siting.arrange([siting.Spot(live.pk, other.pk, 0)], by=manager)

        answer = client.get("/how-it-works/")
        assert (moved, answer.url) == (1, "/visits/how-it-works/")
        assert '<a href="/visits/">Visits</a>' in read(client, answer.url)

    def test_refuses_a_page_below_itself(self, page, make_page, manager):
        child = make_page("Payment", parent=page)

        with pytest.raises(siting.NotThere):
            siting.arrange([siting.Spot(page.pk, child.pk, 0)], by=manager)
        with pytest.raises(IntegrityError, match="not below itself"), transaction.atomic():
            Page.objects.filter(pk=page.pk).update(parent=child)

    def test_refuses_a_live_page_below_one_that_is_not(self, live, make_page, manager):
        draft = make_page("Visits")

        with pytest.raises(siting.NotThere):
            siting.arrange([siting.Spot(live.pk, draft.pk, 0)], by=manager)


class TestPortal:
    def test_pages_of_the_portal_are_for_who_is_signed_in(self, make_page, manager, client, patient):
        page = make_page("Your rights", is_for="portal")
        publishing.publish(page, by=manager)
        stranger = client.get("/portal/pages/your-rights/")
        client.force_login(patient.user)

        assert stranger.url == "/accounts/login/?next=/portal/pages/your-rights/"
        assert "Your rights" in read(client, "/portal/pages/your-rights/")


class TestSnippets:
    def test_stand_on_pages_as_they_were_published(self, page, manager, client):
        snippet = Snippet(name="Emergency", html="<p>Call 000.</p>")
        publishing.begin(snippet, by=manager)
        write(page, manager, body=[block("snippet", snippet=str(snippet.pk))])
        publishing.publish(page, by=manager)
        before = read(client)
        publishing.publish(snippet, by=manager)
        write(snippet, manager, html="<p>Call nobody.</p>")

        after = read(client)
        assert ("Call 000." in before, "Call 000." in after, "Call nobody." in after) == (False, True, False)

    def test_are_guarded_by_themselves(self, manager):
        snippet = Snippet(name="Offer", html='<p>Ask <a href="/weed-shop/">us</a></p>')
        publishing.begin(snippet, by=manager)

        with pytest.raises(advertising.Advertises, match="weed"):
            publishing.publish(snippet, by=manager)


class TestHours:
    def test_are_those_of_the_rosters_by_the_practices_clock(self, mondays, practice):
        mondays.save()

        hours = presenting.opening_hours(practice)

        told = {day.name: [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in day.times] for day in hours}
        assert told == {day: [] for day in presenting.DAYS} | {"Monday": [("09:00", "10:00")]}
