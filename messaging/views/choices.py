"""Which letters somebody gets: their own page, which works without a script."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from config.base import SignedInRequest
from messaging import choosing, delivering, texting
from messaging.forms.choices import ChoicesForm, TextsForm
from messaging.kinds import Group
from messaging.views.doors import signed_in

ALWAYS = {
    Group.ACCOUNT: "Confirming your address, a new password, and whatever changes how you sign in.",
    Group.VISITS: "Booked, moved or cancelled, a free time you waited for, and money that goes back to you.",
}
"""What cannot be turned off, in the reader's words."""
ALWAYS_FOR_STAFF = {
    Group.ACCOUNT: ALWAYS[Group.ACCOUNT],
    Group.WORK: "Appointments that were moved or cancelled, and what somebody should look at now.",
}


@never_cache
@signed_in
def choices(request: SignedInRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ChoicesForm(request.user, data)
    texts = TextsForm(request.user, data) if texting.is_on() else None
    if form.is_valid() and (texts is None or texts.is_valid()):
        mobile = texts.cleaned_data["mobile"] if texts else None
        choosing.choose(request.user, wanted=form.wanted, by=request.user, mobile=mobile)
        messages.success(request, "Your choice is saved.")
        return redirect("letter-choices")
    always = ALWAYS_FOR_STAFF if request.user.is_staff else ALWAYS
    context = {
        "form": form,
        "texts": texts,
        "always": [(group.label, words) for group, words in always.items()],
        "against": delivering.against(request.user.email),
        "layout": "base.html" if request.user.is_staff else "portal.html",
    }
    return render(request, "messaging/letter_choices.html", context)
