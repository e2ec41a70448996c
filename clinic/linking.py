"""The links that open an account: made when their letter is sent, from our own address, kept nowhere."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from messaging.mailing import Outdated
from messaging.models import Letter


def _confirmation(letter: Letter) -> dict[str, str]:
    key = EmailConfirmationHMAC.create(_address(letter)).key
    return {"activate_url": _absolute("account_confirm_email", key=key)}


def _password(letter: Letter) -> dict[str, str]:
    user = _address(letter).user
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    link = _absolute("account_reset_password_from_key", uidb36=user_pk_to_url_str(user), key=key)
    return {"password_url": link}


def _address(letter: Letter) -> EmailAddress:
    """Their address, if it still is: a letter may be sent again long after somebody asked for it.

    :raises Outdated: it is not, or the account is closed
    """
    theirs = EmailAddress.objects.filter(user=letter.recipient, user__is_active=True, email__iexact=letter.to)
    if address := theirs.select_related("user").first():
        return address
    raise Outdated


def _absolute(name: str, **arguments: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse(name, kwargs=arguments)


SECRETS = {
    "account/mail/email_confirmation": _confirmation,
    "account/mail/email_confirmation_signup": _confirmation,
    "account/mail/password_reset_key": _password,
    "account/mail/invitation": _password,
}
