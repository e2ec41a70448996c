"""What letters say: the practice's own words, where it has some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.base import Record, ScopedQuerySet, both_or_neither
from messaging import kinds

if TYPE_CHECKING:
    from clinic.models import User

SUBJECT_MAX, BODY_MAX = 150, 5000


class LetterTemplateQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_lettertemplate") else self.none()


class LetterTemplate(Record):
    """The text of one kind of letter: what is being written, and what is live.

    Every save is a revision, which the history keeps. ``version`` is 0 while the text that came with the
    product is sent; each publishing counts on, also the one that goes back to it.
    """

    template = models.CharField("letter", max_length=100, unique=True, editable=False)
    subject = models.CharField(max_length=SUBJECT_MAX, blank=True)
    body = models.TextField("text", max_length=BODY_MAX, blank=True)
    version = models.PositiveSmallIntegerField("published version", default=0, editable=False)
    is_own = models.BooleanField("in the practice’s words", default=False, editable=False)
    live_subject = models.CharField(max_length=SUBJECT_MAX, blank=True, editable=False)
    live_body = models.TextField("live text", max_length=BODY_MAX, blank=True, editable=False)
    published_at = models.DateTimeField("published", null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = LetterTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = "text of a letter"
        verbose_name_plural = "texts of letters"
        ordering = ["template"]
        permissions = [("publish_lettertemplate", "Can publish the text of a letter")]
        constraints = [
            both_or_neither("published_at", "published_by"),
            models.CheckConstraint(
                condition=Q(is_own=False, live_body="", live_subject="")
                | (Q(is_own=True, version__gte=1, published_at__isnull=False) & ~Q(live_body="")),
                name="%(app_label)s_%(class)s_own_words_are_published",
            ),
        ]

    def __str__(self) -> str:
        return kinds.words(self.template)
