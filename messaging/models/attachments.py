"""Pictures and PDFs that came with a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from config.base import Fact, ScopedQuerySet
from messaging.models.rooms import MOST_ATTACHED, Member, Message, Room

if TYPE_CHECKING:
    from clinic.models import User


class AttachmentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Those of the rooms that ``user`` reads; what was withdrawn, for who reviews a room alone."""
        shown = Q(message__withdrawal=None)
        if user.has_perm("messaging.view_every_room"):
            own = Member.objects.present().filter(user=user).values("room")
            shown |= ~Q(message__room__in=own)
        return self.filter(shown, message__room__in=Room.objects.visible_to(user))


class Attachment(Fact):
    """One file of a message, made anew from what was sent (``config.uploads``) and kept as that.

    A message says how many it has (``Message.attached``), and the database holds it to that when both are
    written: one from somebody else, or later, is refused (``messaging.guarding``).
    """

    IS_PART = True

    class Kind(models.TextChoices):
        IMAGE = "image", "Picture"
        PDF = "pdf", "PDF"

    message = models.ForeignKey(Message, models.PROTECT, editable=False, related_name="attachments")
    position = models.PositiveSmallIntegerField(editable=False)
    kind = models.CharField(max_length=10, choices=Kind, editable=False)
    name = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("bytes", editable=False)
    # Of the picture, or of the thumbnail of a PDF.
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    pages = models.PositiveSmallIntegerField(default=0, editable=False)
    file = models.CharField(max_length=100, unique=True, editable=False)
    sha256 = models.CharField("fingerprint", max_length=64, editable=False)
    thumbnail = models.CharField(max_length=100, unique=True, editable=False)
    thumbnail_sha256 = models.CharField("fingerprint of the thumbnail", max_length=64, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["message", "position"]
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="%(app_label)s_%(class)s_in_order"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_ATTACHED),
                name="%(app_label)s_%(class)s_not_too_many",
            ),
            models.CheckConstraint(
                condition=Q(kind="image", pages=0) | Q(kind="pdf", pages__gte=1),
                name="%(app_label)s_%(class)s_pages_of_a_pdf",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.message}"
