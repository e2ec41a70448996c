"""How people come in: allauth with our rules, and the second factor of staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_otp
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import LoginStage
from allauth.core.internal.httpkit import headed_redirect_response
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import auditing, enrolling, staying, throttling
from clinic.models import AuditEvent
from config import stepping
from config.base import Refused, SignedInRequest
from messaging import mailing

if TYPE_CHECKING:
    from django_otp.models import Device

    from clinic.models import User

ENROLLING = "enrolling_device"
"""In the session: the device that is being set up."""
RECOVERY_CODES = 10


class WrongCode(Refused):
    def __init__(self) -> None:
        super().__init__("This code is wrong or was already used. Wait for the next one and type that.")


class TooManyCodes(Refused):
    def __init__(self) -> None:
        super().__init__("There were too many wrong codes. Wait a minute, then type a new one.")


class AlreadyEnrolled(Refused):
    def __init__(self) -> None:
        super().__init__("This app is already set up. Confirm one of its codes to go on.")


class SecondFactorStage(LoginStage):
    """The step between password and session, for everybody who has a second factor."""

    key = "otp"
    urlname = "otp-login"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if self.login.user and django_otp.user_has_device(self.login.user):
            return headed_redirect_response(self.urlname), True
        return None, True  # staff without one sign in unverified: the admin's door sends them to enrol


class AccountAdapter(DefaultAccountAdapter):
    """The clinic's rules for sign-up and sign-in."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This e-mail address and password do not go together. Please try again.",
        "rate_limited": "That was too often. Please wait a few minutes and try again.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "Please type the password you have now.",
    }

    def get_login_stages(self) -> list[str]:
        return [*super().get_login_stages(), "clinic.accounts.SecondFactorStage"]

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a password, also once more of somebody who is signed in.

        :raises TooOften: the account or the network has to wait, whether the password is right or not
        """
        email = credentials.get("email") or ""
        attempt = throttling.begin(
            email, address=request.META.get("REMOTE_ADDR", ""), browser=staying.browser_of(request)
        )
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            throttling.fail(attempt, email=email)
        else:
            throttling.succeed(attempt)
        return user

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index") if request.user.is_staff else settings.LOGIN_REDIRECT_URL

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        return enrolling.register(
            form.cleaned_data["email"],
            password=form.cleaned_data["password1"],
            given_name=form.cleaned_data["given_name"],
            family_name=form.cleaned_data["family_name"],
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Owe the letter. Of ``context`` it takes no link: whoever asked chose the host in it."""
        mailing.queue(
            f"account/mail/{template_prefix.rpartition('/')[2]}",
            recipient=context.get("user"),
            to=email,
            context={},
            is_confidential=True,
        )


def verify_code(user: User, code: str, *, recovery: bool = False) -> Device:
    """Return the device of ``user`` that made ``code``. Recovery codes count only when asked for.

    Call it before a transaction, not in one: a rollback would forget the wrong guess.

    :raises WrongCode: no device of theirs made it, or it was used before
    :raises TooManyCodes: they guessed too often
    """
    code = code.replace(" ", "").lower()
    kind = TOTPDevice if code.isdigit() else StaticDevice
    devices = (
        list(kind.objects.devices_for_user(user, confirmed=True)) if kind is TOTPDevice or recovery else []
    )
    waits = [device for device in devices if not device.verify_is_allowed()[0]]
    for device in devices:
        if verified := django_otp.verify_token(user, device.persistent_id, code):
            auditing.note(AuditEvent.Action.SECOND_FACTOR, by=user, why=f"Code of {device.name.lower()}.")
            return verified
    auditing.note(AuditEvent.Action.SECOND_FACTOR, by=user, outcome="failed")
    raise TooManyCodes if waits else WrongCode


def pass_second_factor(request: HttpRequest, device: Device) -> None:
    """Let this session count as verified by ``device``, under a new key."""
    django_otp.login(request, device)
    request.session[stepping.PASSED_AT] = timezone.now().timestamp()
    request.session.cycle_key()
    limit_idle(request)


def limit_idle(request: HttpRequest) -> None:
    """Sign staff out after a quarter of an hour without a request; patients after the site's default."""
    if request.user.is_authenticated and request.user.is_staff:
        request.session.set_expiry(int(staying.STAFF_IDLE.total_seconds()))


def complete_sign_in(request: HttpRequest, *, stage: LoginStage, device: Device) -> HttpResponse:
    """End the step between password and session: the code of ``device`` was right."""
    response = stage.exit()
    if request.user.is_authenticated:
        pass_second_factor(request, device)
    return response


def device_to_enrol(request: SignedInRequest) -> TOTPDevice:
    """The app that this session is setting up; what another session began is thrown away."""
    begun = TOTPDevice.objects.filter(user=request.user, confirmed=False)
    device = begun.filter(pk=request.session.get(ENROLLING)).first()
    if device is None:
        begun.delete()
        device = TOTPDevice.objects.create(user=request.user, name="Authenticator app", confirmed=False)
        request.session[ENROLLING] = device.pk
    return device


@transaction.atomic
def confirm_enrolment(request: SignedInRequest, *, device: TOTPDevice) -> list[str]:
    """Count ``device`` from now on, and this session as verified by it.

    Returns recovery codes when it is the person's first device.

    :raises AlreadyEnrolled: the form came twice
    """
    device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
    if device.confirmed:
        raise AlreadyEnrolled
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    auditing.note(AuditEvent.Action.SECOND_FACTOR, by=request.user, why="Set up an authenticator app.")
    staying.end_all(request.user, by=request.user, why="Another authenticator app.", but=request)
    enrolling.tell_of_second_factor(request.user, "An authenticator app was set up.")
    pass_second_factor(request, device)
    has_codes = StaticDevice.objects.devices_for_user(request.user).exists()
    return [] if has_codes else _renew_recovery_codes(request.user)


def devices_of(user: User) -> dict[str, Any]:
    """What ``user`` can show as a second factor: the apps, and how many recovery codes are left."""
    return {
        "apps": TOTPDevice.objects.devices_for_user(user, confirmed=True),
        "codes_left": StaticToken.objects.filter(device__user=user).count(),
    }


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Give ``user`` new codes for the day the app is lost; the old ones stop working."""
    enrolling.tell_of_second_factor(user, "New recovery codes were made, and the old ones stopped working.")
    return _renew_recovery_codes(user)


def _renew_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Recovery codes", confirmed=True)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    auditing.note(AuditEvent.Action.SECOND_FACTOR, by=user, why="Made recovery codes.")
    return codes
