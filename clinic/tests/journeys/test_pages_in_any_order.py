"""Whatever is done to a page in whatever order: the public sees the published revision, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import presenting, publishing, revising, siting
from clinic.models import Page
from config.base import Refused

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SLUGS = ["fees", "costs", "prices"]
hours = st.integers(1, 30)
steps = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 4), st.sampled_from(SLUGS)),
    st.tuples(st.just("publish")),
    st.tuples(st.just("schedule"), st.none() | hours, st.none() | hours),
    st.tuples(st.just("wait"), hours),
    st.tuples(st.just("restore"), st.integers(0, 9)),
    st.tuples(st.just("unpublish")),
    st.tuples(st.just("compare"), st.integers(0, 9), st.integers(0, 9)),
)


class Expected:
    """What a page must be like, told without the product's own words for it."""

    def __init__(self) -> None:
        self.draft = ("Fees 0", "fees")
        self.live: tuple[str, str] | None = None
        self.planned: tuple[datetime, tuple[str, str]] | None = None
        self.end: datetime | None = None
        self.before: set[str] = set()

    def put(self, live):
        if self.live and live and self.live[1] != live[1]:
            self.before.add(f"/{self.live[1]}/")
        self.live = live
        if live is None:
            self.end = None

    def wait(self, now):
        """Do what is due, in the order of the clock; what is due at once: first live, then off."""
        due = [(self.planned[0], 0)] if self.planned else []
        due += [(self.end, 1)] if self.end else []
        for at, what in sorted(due):
            if at <= now and what == 0:
                live, self.planned = self.planned[1], None
                self.put(live)
            elif at <= now:
                self.put(None)
                self.end = None


class Story:
    def __init__(self, by, clock) -> None:
        self.by, self.clock, self.now = by, clock, BEGIN + timedelta(minutes=1)
        self.page = Page(title="Fees 0", slug="fees")
        publishing.begin(self.page, by=by)
        self.expected = Expected()

    def __call__(self, step):
        self.clock.move_to(self.now)
        self.page.refresh_from_db()
        getattr(self, step[0])(*step[1:])
        self.now += timedelta(seconds=1)
        self.check()

    def edit(self, number, slug):
        said = publishing.content(self.page) | {"title": f"Fees {number}", "slug": slug}
        publishing.rewrite(self.page, said, saw=publishing.mark(self.page), by=self.by)
        self.expected.draft = (f"Fees {number}", slug)

    def publish(self):
        is_new = self.expected.draft != self.expected.live
        assert is_done(lambda: publishing.publish(self.page, by=self.by)) is is_new
        if is_new:
            self.expected.put(self.expected.draft)
            self.expected.planned = None

    def schedule(self, first, last):
        at, until = (self.now + timedelta(hours=n) if n else None for n in (first, last))
        fits = not (until and at and until <= at)
        may = self.expected.draft != self.expected.live if at else not until or self.expected.live is not None
        done = is_done(lambda: publishing.schedule(self.page, at=at, until=until, by=self.by))
        assert done is (fits and may)
        if done:
            self.expected.planned = (at, self.expected.draft) if at else None
            self.expected.end = until

    def wait(self, length):
        self.now += timedelta(hours=length)
        self.clock.move_to(self.now)
        publishing.keep_schedule(now=self.now)
        assert publishing.keep_schedule(now=self.now) == 0
        self.expected.wait(self.now)

    def restore(self, number):
        one = self.revision(number)
        publishing.restore(self.page, one.history_id, saw=publishing.mark(self.page), by=self.by)
        self.expected.draft = (one.title, one.slug)

    def unpublish(self):
        was_live = self.expected.live is not None
        assert is_done(lambda: publishing.unpublish(self.page, by=self.by)) is was_live
        if was_live:
            self.expected.put(None)

    def compare(self, first, second):
        one, other = self.revision(first), self.revision(second)
        told = {difference.label for difference in revising.compare(one, other)}
        assert ("Title" in told) is (one.title != other.title)
        assert (told == set()) is (publishing.content(one) == publishing.content(other))

    def revision(self, number):
        found = revising.revisions(self.page)
        return found[number % len(found)].version

    def check(self):
        """What the public sees, and where it is sent."""
        self.page.refresh_from_db()
        live = self.expected.live
        for slug in SLUGS:
            found = presenting.find(f"/{slug}/", is_for="public")
            seen = (found.version.title, found.version.slug) if found else None
            assert seen == (live if live and live[1] == slug else None), slug
            if found is None and f"/{slug}/" in self.expected.before:
                where = f"/{live[1]}/" if live else None
                assert siting.redirected(f"/{slug}/", is_for="public") == where
        assert (self.page.title, self.page.slug) == self.expected.draft
        assert publishing.is_changed(self.page) is (self.expected.draft != live)


def is_done(do) -> bool:
    try:
        with transaction.atomic():
            do()
    except Refused:
        return False
    return True


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=st.lists(steps, max_size=25))
def test_the_public_sees_what_was_published(manager, story):
    with transaction.atomic(), time_machine.travel(BEGIN, tick=True) as clock:
        tell = Story(manager, clock)
        for step in story:
            tell(step)
        transaction.set_rollback(True)


def test_after_a_day_off_everything_due_is_done_at_once(manager):
    with time_machine.travel(BEGIN, tick=True) as clock:
        tell = Story(manager, clock)
        for step in [("schedule", 1, 3), ("edit", 1, "costs"), ("wait", 26), ("wait", 1)]:
            tell(step)

    assert tell.expected.live is None
    assert tell.page.history.filter(history_change_reason="Published as scheduled.").count() == 1
