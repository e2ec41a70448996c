"""The second factor: at the door, again before a sensitive step, and setting it up."""

from base64 import b32encode

import segno
from allauth.account.internal.decorators import login_stage_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import user_has_device

from clinic import accounts
from clinic.forms.accounts import CodeForm, EnrolForm
from config import stepping
from config.base import SignedInRequest


@sensitive_post_parameters("code")
@login_stage_required(stage=accounts.SecondFactorStage.key, redirect_urlname="account_login")
def second_factor_login(request: HttpRequest) -> HttpResponse:
    """After the password, before the session."""
    stage = request._login_stage  # type: ignore[attr-defined]  # set by the decorator
    if "leave" in request.POST:
        return stage.abort()
    form = CodeForm(request.POST or None, user=stage.login.user)
    if form.is_valid():
        return accounts.complete_sign_in(request, stage=stage, device=form.device)
    return render(request, "otp/challenge.html", {"form": form, "at_sign_in": True})


@sensitive_post_parameters("code")
@never_cache
@login_required
def second_factor_verify(request: SignedInRequest) -> HttpResponse:
    """Again, before a sensitive step."""
    if not user_has_device(request.user):
        return redirect("otp-enrol")
    form = CodeForm(request.POST or None, user=request.user)
    if form.is_valid():
        accounts.pass_second_factor(request, form.device)
        return redirect(_next(request))
    return render(request, "otp/challenge.html", {"form": form, "next": _next(request)})


@sensitive_post_parameters("code")
@never_cache
@login_required
def second_factor_enrol(request: SignedInRequest) -> HttpResponse:
    """Set up an app. A session that showed no second factor cannot add another one."""
    if user_has_device(request.user) and not stepping.second_factor_fresh(request):
        return redirect("otp-verify")
    device = accounts.device_to_enrol(request)
    form = EnrolForm(request.POST or None, device=device)
    if form.is_valid():
        codes = accounts.confirm_enrolment(request, device=device)
        return _recovery_codes(request, codes) if codes else redirect("otp-devices")
    # segno writes the picture itself: paths only, nothing of the person's.
    picture = mark_safe(segno.make(device.config_url).svg_inline(border=2, omitsize=True))  # noqa: S308
    return render(
        request,
        "otp/enrol.html",
        {"form": form, "picture": picture, "secret": _spelled(device.bin_key), "next": _next(request)},
    )


@login_required
@never_cache
def second_factor_devices(request: SignedInRequest) -> HttpResponse:
    return render(request, "otp/devices.html", accounts.devices_of(request.user))


@require_POST
@login_required
@never_cache
@stepping.step_up
def second_factor_codes(request: SignedInRequest) -> HttpResponse:
    """New recovery codes: on this one page, once."""
    return _recovery_codes(request, accounts.renew_recovery_codes(request.user))


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "otp/codes.html", {"codes": codes, "next": _next(request)})


def _spelled(key: bytes) -> str:
    """The secret for people who type it: groups of four."""
    secret = b32encode(key).decode()
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    fits = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if fits else accounts.AccountAdapter().get_login_redirect_url(request)
