"""The buttons on an import's page: each shows while its step can be taken."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from catalog import receiving, reviewing, undoing
from catalog.forms.imports import DayDialog, WhyDialog
from catalog.models import Import
from config.admin import RecordAdmin, step

MOST_NAMED = 10
Status = Import.Status


class ImportSteps(RecordAdmin):
    actions_detail = ["hand_in", "approve", "hold_from", "send_back", "read_again", "undo", "refuse"]

    @step(
        "Send for approval",
        may="hand_in",
        icon="rule",
        text="The review ends here. A second person looks at the list and lets it into the catalogue.",
    )
    def hand_in(self, request, run: Import, form) -> str:
        reviewing.hand_in(run, by=request.user)
        return f"{run} waits for approval."

    @step(
        "Approve",
        may="approve",
        icon="done_all",
        text="Every line that was taken goes into the catalogue, or none does.",
    )
    def approve(self, request, run: Import, form) -> str:
        reviewing.approve(run, by=request.user)
        return f"{run} is approved and is being applied."

    @step("Choose the day", may="hold_from", icon="event", form=DayDialog)
    def hold_from(self, request, run: Import, form) -> str:
        day = form.cleaned_data["day"]
        reviewing.hold_from(run, day, by=request.user)
        return f"Prices hold from {day:%-d %B %Y}." if day else "Prices hold from the day of applying."

    @step("Back to the review", may="send_back", icon="undo", form=WhyDialog)
    def send_back(self, request, run: Import, form) -> str:
        reviewing.send_back(run, by=request.user, why=form.cleaned_data["why"])
        return f"{run} is to be reviewed again. What was decided so far stays."

    @step(
        "Read again",
        may="read_again",
        icon="refresh",
        text="The file that was kept is read once more and compared with the catalogue as it is now.",
    )
    def read_again(self, request, run: Import, form) -> HttpResponse:
        again = receiving.send_in_again(run, by=request.user).run
        return HttpResponseRedirect(reverse("admin:catalog_import_change", args=[again.pk]))

    @step(
        "Undo",
        may="undo",
        icon="history",
        form=WhyDialog,
        text="Products and prices go back to what they were. New products are taken off sale. "
        "Whatever has changed since stays as it is and is listed.",
    )
    def undo(self, request, run: Import, form) -> str:
        kept = undoing.undo(run, by=request.user, why=form.cleaned_data["why"]).kept
        if not kept:
            return f"{run} is undone."
        names = "; ".join(one["name"] for one in kept[:MOST_NAMED])
        return f"{run} is undone. {len(kept)} changed since and stay as they are: {names}."

    @step(
        "Refuse the list",
        may="refuse",
        icon="block",
        form=WhyDialog,
        text="Nothing of this list is taken over. The file stays here.",
    )
    def refuse(self, request, run: Import, form) -> str:
        reviewing.refuse(run, by=request.user, why=form.cleaned_data["why"])
        return f"{run} is refused."

    def has_hand_in_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "review", Status.CHECKED)

    def has_hold_from_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "review", Status.CHECKED)

    def has_approve_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "approve", Status.REVIEWED)

    def has_send_back_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "approve", Status.REVIEWED)

    def has_refuse_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "review", Status.CHECKED, Status.REVIEWED)

    def has_read_again_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "add", Status.REFUSED, Status.UNDONE)

    def has_undo_permission(self, request, object_id=None) -> bool:
        return self._can(request, object_id, "undo", Status.APPLIED)

    def _can(self, request: Any, object_id: str | None, verb: str, *statuses: str) -> bool:
        """Whether the person may take this step, and the list is where it starts."""
        if not request.user.has_perm(f"catalog.{verb}_import"):
            return False
        if object_id is None or request.method == "POST":
            return True  # the rule itself refuses, and says why
        known = getattr(request, "import_status", None)
        if known is None:  # asked for by every button of the page
            mine = Import.objects.visible_to(request.user).filter(pk=object_id)
            known = request.import_status = mine.values_list("status", flat=True).first()
        return known in statuses
