"""Pages and snippets: written as drafts, published as one of their revisions, now or later, and taken off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from clinic import advertising, blocks, exempting, siting
from clinic.models import Autosave, Media, Page, Practice, Questionnaire, Snippet
from clinic.models.pages import Published
from config import seen, versioning
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_refuse_strange_version() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV[0]: the table of the versions; TG_ARGV[1]: the column that names one of them.
DECLARE
  named uuid := (to_jsonb(NEW) ->> TG_ARGV[1])::uuid;
  is_own boolean;
BEGIN
  IF named IS NOT NULL THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE history_id = $1 AND id = $2)', TG_ARGV[0])
      INTO is_own USING named, NEW.id;
    IF NOT is_own THEN
      RAISE EXCEPTION '% publishes one of its own versions.', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_own_version';
    END IF;
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    named = [(Page, "live_version"), (Page, "scheduled_version"), (Snippet, "live_version")]
    return [
        f'CREATE OR REPLACE TRIGGER "{model._meta.db_table}_{column}" BEFORE INSERT OR UPDATE'
        f' ON "{model._meta.db_table}" FOR EACH ROW EXECUTE FUNCTION'
        f" clinic_refuse_strange_version('{model.history.model._meta.db_table}', '{column}')"
        for model, column in named
    ]


class ChangedMeanwhile(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this meanwhile. What you wrote is still here, and not saved: open the page"
            " in another tab, and bring the two together."
        )


class NothingNew(Refused):
    def __init__(self) -> None:
        super().__init__("Readers see exactly this already. Change something first.")


class NotLive(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody reads it at the moment.")


class WroteIt(Refused):
    def __init__(self) -> None:
        super().__init__("You wrote some of this. Somebody else reads it, and publishes it.")


class BadTimes(Refused):
    """The times do not fit; how, the sentence says."""


def content(record: Any) -> dict[str, Any]:
    """What a revision consists of: of the draft, or of one of its versions."""
    names = getattr(record, "CONTENT", None) or record.instance_type.CONTENT
    return {name: getattr(record, name) for name in names}


def mark(record: Published) -> str:
    """What a form carries to tell which state of ``record`` it showed."""
    return seen.mark(content(record))


def version(record: Any, key: UUID | None) -> Any:
    """One revision of ``record``, by its key."""
    return record.history.filter(history_id=key).first() if key else None


def newest(record: Any) -> Any:
    """The revision that holds what is written now: found by what it says, whatever clocks did."""
    return record.history.filter(**content(record)).order_by("-history_date", "-history_id").first()


def is_changed(record: Published) -> bool:
    """Whether something is written that nobody reads yet."""
    live = version(record, record.live_version)
    return live is None or content(live) != content(record)


def with_live(records: QuerySet[Any]) -> QuerySet[Any]:
    """Bring what readers see along as ``live_content``, so that a list asks no more for many than for one."""
    model: Any = records.model
    live = model.history.model.objects.filter(history_id=OuterRef("live_version"))
    told = JSONObject(**{name: name for name in model.CONTENT})
    return records.annotate(live_content=Subquery(live.values(told=told)[:1]))


# What is said, and whether it may be


def texts(said: Mapping[str, Any], *, is_page: bool) -> dict[str, str]:
    """Everything that readers and search engines would see of a revision, by its place."""
    if not is_page:
        whole = {"Name": said["name"], "Text": blocks.plain(said["html"])}
        return whole | {"Text, in its links": "\n".join(blocks.said_in_tags(said["html"]))}
    places = {
        "Title": "title",
        "Address": "slug",
        "Lead": "lead",
        "Title for search engines": "search_title",
        "Description": "description",
    }
    return {place: said[name] for place, name in places.items()} | blocks.texts(said["body"]) | _brought(said)


def _brought(said: Mapping[str, Any]) -> dict[str, str]:
    """What the blocks bring along: pictures' texts, snippets as they are read, and questions."""
    body, found = said["body"], {}
    for media in Media.objects.filter(pk__in=blocks.keys(body, blocks.Part.MEDIA)):
        found[f"Picture “{media}”"] = f"{media.name}\n{media.alt}\n{media.credit}"
    for snippet in Snippet.objects.live().filter(pk__in=blocks.keys(body, blocks.Part.SNIPPET)):
        live = version(snippet, snippet.live_version)
        found[f"Snippet “{snippet}”"] = "\n".join(texts(content(live), is_page=False).values())
    for block in blocks.read(body):
        if block["type"] == "questions":
            asked = Questionnaire.objects.newest(block["value"]["questionnaire"]).first()
            found[f"Questionnaire “{asked}”"] = "\n".join(_said_in_questions(asked))
    return found


def _said_in_questions(asked: Questionnaire | None) -> list[str]:
    if asked is None:
        return []
    rows = asked.questions
    return [asked.title, *(f"{row.get('label')}\n{row.get('help')}\n{row.get('section')}" for row in rows)]


def found_in(record: Any) -> list[advertising.Found]:
    """The words of a draft, or of one of its versions, that may not be published."""
    is_page = hasattr(record, "slug")
    return advertising.found_in(texts(content(record), is_page=is_page))


# Writing


def begin(record: Published, *, by: User | None, why: str = "") -> None:
    """Begin a page, as the last below the one above it, or a snippet."""
    if isinstance(record, Page):
        record.position = Page.objects.filter(parent=record.parent, is_for=record.is_for).count()
    versioning.insert(record, by=by, why=why)


@transaction.atomic
def rewrite(record: Published, said: Mapping[str, Any], *, saw: str, by: User, why: str = "") -> None:
    """Keep ``said`` as what is being written; readers see what they saw.

    :raises ChangedMeanwhile: it is no longer as the form ``saw`` it
    """
    if mark(record.lock()) != saw:
        raise ChangedMeanwhile
    if content(record) != dict(said):
        record.change(by=by, why=why, **said)
    if isinstance(record, Page):
        Autosave.objects.filter(page=record, person=by).update(content=None)


@transaction.atomic
def restore(record: Published, key: UUID, *, saw: str, by: User) -> None:
    """Write on with an earlier revision. Nothing is published by this.

    :raises ChangedMeanwhile: the draft is no longer as it was seen
    """
    earlier = record.history.get(history_id=key)
    when = timezone.localtime(earlier.history_date)
    rewrite(record, content(earlier), saw=saw, by=by, why=f"Taken up from {when:%-d %B %Y, %H:%M}.")


def authors(record: Any) -> set[UUID]:
    """Who wrote of what is to be published and was not published before."""
    versions = list(record.history.order_by("history_date", "history_id"))
    keys = [one.history_id for one in versions]
    start = keys.index(record.live_version) + 1 if record.live_version in keys else 0
    before = content(versions[start - 1]) if start else None
    wrote: set[UUID] = set()
    for one in versions[start:]:
        if content(one) != before and one.history_user_id:
            wrote.add(one.history_user_id)
        before = content(one)
    return wrote


# Publishing


@transaction.atomic
def publish(record: Published, *, by: User) -> None:
    """Let readers see what is written now.

    :raises NothingNew: they see it already
    :raises WroteIt: the practice wants a second person, and ``by`` wrote of it
    :raises advertising.Advertises: it names or promotes a medicine
    :raises siting.NotThere, siting.AddressTaken: there is no address for it
    """
    record.lock()
    if not is_changed(record):
        raise NothingNew
    _refuse_author(record, by)
    _publish(record, newest(record), by=by, why="Published.")


def _refuse_author(record: Published, by: User) -> None:
    if Practice.objects.current().pages_by_two and by.pk in authors(record):
        raise WroteIt


def _publish(record: Published, one: Any, *, by: User | None, why: str) -> None:
    exempting.refuse(record, one, found_in(one))
    now: dict[str, Any] = {"live_version": one.history_id, "published_at": timezone.now(), "published_by": by}
    if not isinstance(record, Page):
        record.change(by=by, why=why, **now)
        return
    before = record.address
    now |= {"address": siting.address_of(record, one.slug), "review_at": None, "review_by": None}
    record.change(by=by, why=why, held_back="", **now, **NOT_SCHEDULED)
    siting.leave_redirect(record, before, by=by)
    if before and before != record.address:
        siting.follow(record, by=by, why="The page above it has another address.")


NOT_SCHEDULED: dict[str, Any] = {
    "scheduled_version": None,
    "publish_at": None,
    "scheduled_at": None,
    "scheduled_by": None,
}


@transaction.atomic
def schedule(page: Page, *, at: datetime | None, until: datetime | None, by: User) -> None:
    """Publish what is written now ``at`` some time, take it off at another, or either; nothing clears it.

    What is written after this waits for its own turn.

    :raises BadTimes: a time is over, or in the wrong order
    :raises NothingNew, WroteIt, advertising.Advertises: as at once
    """
    page.lock()
    now = timezone.now()
    if (at and at <= now) or (until and until <= max(at or now, now)):
        raise BadTimes(
            "Choose times that are still to come: first when it goes live, then when it is taken off."
        )
    changes: dict[str, Any] = {"unpublish_at": until, "held_back": "", **NOT_SCHEDULED}
    if at:
        if not is_changed(page):
            raise NothingNew
        _refuse_author(page, by)
        one = newest(page)
        exempting.refuse(page, one, found_in(one))
        changes |= {"scheduled_version": one.history_id, "publish_at": at}
        changes |= {"scheduled_at": now, "scheduled_by": by}
    elif until and not page.live_version:
        raise NotLive
    page.change(by=by, why="Scheduled." if at or until else "Schedule taken back.", **changes)


@transaction.atomic
def unpublish(record: Published, *, by: User | None, why: str = "Taken off.") -> None:
    """Let nobody read it, nor the pages below it; what is written stays.

    :raises NotLive: nobody does
    """
    if record.lock().live_version is None:
        raise NotLive
    if isinstance(record, Page):
        for child in record.children.live():
            unpublish(child, by=by, why="The page above it was taken off.")
        record.change(by=by, why=why, live_version=None, address=None, unpublish_at=None)
    else:
        record.change(by=by, why=why, live_version=None)


@transaction.atomic
def ask_review(page: Page, *, by: User) -> None:
    """Ask somebody else to read what is written, and to publish it.

    :raises NothingNew: readers see it already
    """
    if not is_changed(page.lock()):
        raise NothingNew
    page.change(by=by, why="Review asked for.", review_at=timezone.now(), review_by=by)


# By the clock


def keep_schedule(*, now: datetime) -> int:
    """Publish and take off what is due, in the order of the clock; tells how many pages changed.

    Doing it again changes nothing; after days without a worker everything due is done at once. What may not
    be published any more is held back, and says why.
    """
    due = Q(publish_at__lte=now) | Q(unpublish_at__lte=now)
    return sum(_keep(pk, now=now) for pk in Page.objects.filter(due).values_list("pk", flat=True))


@transaction.atomic
def _keep(pk: UUID, *, now: datetime) -> bool:
    page = cast("Page | None", Page.objects.select_for_update(skip_locked=True).filter(pk=pk).first())
    if page is None:
        return False
    steps: list[tuple[datetime, Callable[[Page], None]]] = []
    if page.publish_at and page.publish_at <= now:
        steps.append((page.publish_at, _publish_as_scheduled))
    if page.unpublish_at and page.unpublish_at <= now:
        steps.append((page.unpublish_at, _take_off))
    for _, step in sorted(steps, key=lambda one: one[0]):
        step(page)
    return bool(steps)


def _publish_as_scheduled(page: Page) -> None:
    try:
        with transaction.atomic():
            one = version(page, page.scheduled_version)
            _publish(page, one, by=page.scheduled_by, why="Published as scheduled.")
    except Refused as no:
        page.refresh_from_db()
        page.change(by=None, why="Held back.", held_back=str(no)[:1000], **NOT_SCHEDULED)


def _take_off(page: Page) -> None:
    if page.live_version:
        unpublish(page, by=None, why="Taken off as scheduled.")
    else:
        page.change(by=None, why="It was off already.", unpublish_at=None)
