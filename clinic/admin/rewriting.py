"""The forms of the consultation page that write again what was written before, and the favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import redirect

from clinic import rewriting
from clinic.forms.rewriting import EarlierForm, FavouriteForm, KeepForm, ReplaceForm
from clinic.models import Favourite
from config.admin import RecordAdmin, step
from config.base import SignedInRequest

if TYPE_CHECKING:
    from clinic.models import Encounter, User


def write_again(encounter: Encounter, form: EarlierForm, user: User) -> str:
    return _told(rewriting.again(form.found(), encounter=encounter, by=user))


def replace(encounter: Encounter, form: ReplaceForm, user: User) -> str:
    wrong = form.found()
    written = rewriting.replace(wrong, encounter=encounter, why=form.cleaned_data["why"], by=user)
    return f"{wrong} is void. {_told(written)}"


def _told(written: rewriting.Written) -> str:
    names = ", ".join(str(line.product) for line in written.lines)
    return " ".join([f"On a draft: {names}. Look it over and sign.", *written.left_out])


def write_favourite(encounter: Encounter, form: FavouriteForm, user: User) -> str:
    line = rewriting.write_favourite(form.found(), encounter=encounter, by=user)
    return f"{line.product} is on a draft."


def keep(encounter: Encounter, form: KeepForm, user: User) -> str:
    return f"{rewriting.keep(form.found(), by=user).product} is among your favourites."


def drop(encounter: Encounter, form: FavouriteForm, user: User) -> str:
    favourite = form.found()
    rewriting.drop(favourite, by=user)
    return f"{favourite.product} is no longer among your favourites."


@admin.register(Favourite)
class FavouriteAdmin(RecordAdmin):
    """A doctor's own; they are kept from lines that were written, and changed here."""

    when_empty = "Press the heart beside a line that you prescribed, and it is kept here."
    list_display = ["product", "quantity", "directions", "repeats", "interval_days"]
    list_select_related = ["product"]
    search_fields = ["product__name", "directions"]
    fields = ["product", ("quantity", "repeats", "interval_days"), "directions"]
    readonly_fields = ["product"]
    actions_detail = ["drop"]

    def get_queryset(self, request):
        return super().get_queryset(request).kept()

    def has_add_permission(self, request):
        return False

    @step("Drop this favourite", may="drop", icon="heart_minus", text="It goes off your list.")
    def drop(self, request: SignedInRequest, favourite: Favourite, form) -> HttpResponse:
        rewriting.drop(favourite, by=request.user)
        messages.success(request, f"{favourite.product} is no longer among your favourites.")
        return redirect("admin:clinic_favourite_changelist")

    def has_drop_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_favourite")
