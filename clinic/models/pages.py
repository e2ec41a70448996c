"""Pages of the public site and of the portal, the snippets in them, and the addresses they once had."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from config.base import Fact, Record, ScopedQuerySet, both_or_neither, uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models.people import User

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ADDRESS_MAX = 400


class PublishedQuerySet(ScopedQuerySet):
    def live(self) -> Self:
        """Those of which the public reads a version."""
        return self.filter(live_version__isnull=False)


class Published(Record):
    """What is written here as a draft, and read outside as the version of it that was published.

    Every save is a revision, which the history keeps. ``live_version`` is the key of the one that is read:
    the database takes only one of the record's own (``clinic.publishing``).
    """

    CONTENT: ClassVar[tuple[str, ...]]
    """What a revision consists of; the other columns say where it is and what is read of it."""

    live_version = models.UUIDField(null=True, editable=False)
    published_at = models.DateTimeField("published", null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        abstract = True


class PageQuerySet(PublishedQuerySet):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Staff see every page; everybody else those that are live, and of the portal once signed in."""
        if user.has_perm("clinic.view_page"):
            return self
        live = self.live()
        return live if user.is_authenticated else live.filter(is_for=Page.Readers.PUBLIC)


class Page(Published):
    """One page: its row is what is being written, ``live_version`` what is read.

    The slug is part of what is written, and counts once it is published: until then the page stays at its
    ``address``. Where a page stands in the tree counts at once.
    """

    class Readers(models.TextChoices):
        PUBLIC = "public", "Everybody"
        PORTAL = "portal", "Patients, in the portal"

    CONTENT = ("title", "slug", "lead", "search_title", "description", "body")
    ROOTS: ClassVar[dict[str, str]] = {Readers.PUBLIC: "/", Readers.PORTAL: "/portal/pages/"}

    is_for = models.CharField("for", max_length=10, choices=Readers, default=Readers.PUBLIC)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="below",
        help_text="Leave it empty for a page at the top.",
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    title = models.CharField(max_length=120)
    slug = models.CharField(
        "last part of the address",
        max_length=80,
        blank=True,
        validators=[RegexValidator(SLUG, "Write small letters, figures and hyphens, such as our-doctors.")],
        help_text="Small letters, figures and hyphens. Empty only for the start page.",
    )
    lead = models.CharField(max_length=400, blank=True, help_text="Stands large below the title.")
    search_title = models.CharField(
        "title for search engines", max_length=70, blank=True, help_text="Empty: the title of the page."
    )
    description = models.CharField(
        "description for search engines",
        max_length=200,
        blank=True,
        help_text="One or two sentences, which search engines show below the title.",
    )
    body = models.JSONField("blocks", default=list, blank=True)

    address = models.CharField(max_length=ADDRESS_MAX, null=True, unique=True, editable=False)
    scheduled_version = models.UUIDField(null=True, editable=False)
    publish_at = models.DateTimeField("goes live", null=True, editable=False)
    scheduled_at = models.DateTimeField(null=True, editable=False)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    unpublish_at = models.DateTimeField("is taken off", null=True, editable=False)
    held_back = models.CharField("why it was not published", max_length=1000, blank=True, editable=False)
    review_at = models.DateTimeField("review asked for", null=True, editable=False)
    review_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["is_for", "position", "title", "pk"]
        permissions = [("publish_page", "Can publish pages and snippets, and take them off")]
        constraints = [
            both_or_neither("published_at", "published_by"),
            both_or_neither("scheduled_at", "scheduled_by"),
            both_or_neither("review_at", "review_by"),
            both_or_neither("live_version", "address"),
            both_or_neither("scheduled_version", "publish_at"),
            both_or_neither("scheduled_version", "scheduled_at"),
            models.CheckConstraint(
                condition=Q(live_version__isnull=True) | Q(published_at__isnull=False),
                name="%(app_label)s_%(class)s_live_since",
            ),
            models.CheckConstraint(
                condition=Q(slug__regex=SLUG) | Q(slug="", parent=None),
                name="%(app_label)s_%(class)s_slug",
                violation_error_message="Only the start page has an empty address.",
            ),
            models.CheckConstraint(
                condition=Exact(Func(F("body"), function="jsonb_typeof"), "array"),
                name="%(app_label)s_%(class)s_body_is_blocks",
            ),
            models.UniqueConstraint(
                fields=["is_for", "parent", "slug"],
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_slug_once",
                violation_error_message="Another page has this address. Choose another last part.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SnippetQuerySet(PublishedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_snippet") else self.live()


class Snippet(Published):
    """Words that stand on several pages, and are changed for all of them in one place."""

    CONTENT = ("name", "html")

    name = models.CharField(max_length=80, unique=True, help_text="Editors choose it by this name.")
    html = models.TextField("text", max_length=10_000, blank=True)

    objects = SnippetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            both_or_neither("published_at", "published_by"),
            models.CheckConstraint(
                condition=Q(live_version__isnull=True) | Q(published_at__isnull=False),
                name="%(app_label)s_%(class)s_live_since",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RedirectQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_page") else self.none()


class Redirect(Fact):
    """An address that a live page had before; who comes there is sent to where the page is now."""

    old_address = models.CharField(max_length=ADDRESS_MAX)
    page = models.ForeignKey(Page, models.PROTECT, related_name="redirects")

    objects = RedirectQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        indexes = [models.Index(fields=["old_address"])]

    def __str__(self) -> str:
        return f"{self.old_address} → {self.page}"


class Autosave(models.Model):
    """What somebody typed on a page's editor and has not saved, and when they were last there.

    Nobody else sees it, and no version is kept: saving the page empties it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    page = models.ForeignKey(Page, models.PROTECT, related_name="autosaves")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    content = models.JSONField(null=True)
    seen = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "person"], name="%(app_label)s_%(class)s_one_each")
        ]

    def __str__(self) -> str:
        return f"What {self.person} types at {self.page}"
