"""Staying signed in: which sessions a person has, how long each lasts, and how they end.

A session ends by itself after some idleness, and in any case after ``LONGEST``; its person ends it from the
list of theirs, a manager ends those of one of the staff. We know sessions by fingerprints: their keys open
them.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, F, Func, QuerySet
from django.utils import timezone

from clinic import auditing
from clinic.models import AuditEvent, OpenSession, User
from messaging import mailing

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

STAFF_IDLE = timedelta(minutes=15)
STAFF_LONGEST, PATIENT_LONGEST = timedelta(hours=12), timedelta(days=7)
TOLD_EVERY = timedelta(minutes=1)
REMEMBERED = timedelta(days=400)
"""How long a browser is known after it was last seen; browsers keep no cookie for longer."""
ROW, PRINT, UNTIL, SINCE = "open_session", "open_session_print", "signed_in_until", "signed_in_at"
"""In the session: its row in the list, the fingerprint that the row has, its latest end, its beginning."""
SALT = "clinic.staying"
WRITTEN_BY = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
RUNS_ON = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def fingerprint(key: str | None) -> str:
    """Name a session, or a browser, without telling what would open it."""
    return hashlib.sha256((key or "").encode()).hexdigest()


def in_words(agent: str) -> str:
    """Say what somebody sits at, from what their browser calls itself."""
    browser = next((name for sign, name in WRITTEN_BY.items() if f"{sign}/" in agent), "")
    system = next((name for sign, name in RUNS_ON.items() if re.search(rf"\b{sign}\b", agent)), "")
    return f"{browser or 'A browser'} on {system}" if system else browser or "A browser"


def browser_of(request: HttpRequest) -> str:
    """The fingerprint of this browser; empty for one that never signed in here."""
    secret = request.get_signed_cookie(settings.BROWSER_COOKIE_NAME, default="", salt=SALT)
    return fingerprint(secret)[:40] if secret else ""


def idle_limit(user: User) -> timedelta:
    return STAFF_IDLE if user.is_staff else timedelta(seconds=settings.SESSION_COOKIE_AGE)


def longest(user: User) -> timedelta:
    return STAFF_LONGEST if user.is_staff else PATIENT_LONGEST


def begin(request: HttpRequest, user: User) -> None:
    """Put a session that begins on its person's list; a browser that is new to them brings a letter."""
    now, browser = timezone.now(), browser_of(request)
    theirs = OpenSession.objects.filter(user=user)
    is_new = not (browser and theirs.filter(browser=browser).exists())
    if is_new and theirs.exists():
        mailing.queue("account/mail/new_browser", recipient=user, to=user.email, context={})
    if not browser:
        request.new_browser = secrets.token_urlsafe(24)  # type: ignore[attr-defined]  # kept by remember_browser
        browser = fingerprint(request.new_browser)[:40]  # type: ignore[attr-defined]
    if not request.session.session_key:
        request.session.save()  # signed in over somebody else's session: that one was emptied
    printed = fingerprint(request.session.session_key)
    theirs.filter(fingerprint=printed, ended_at=None).update(ended_at=now)
    row = OpenSession.objects.create(
        user=user,
        fingerprint=printed,
        browser=browser,
        device=in_words(request.headers.get("User-Agent", "")),
        address=request.META.get("REMOTE_ADDR", "")[:45],
        since=now,
        seen_at=now,
        until=now + idle_limit(user),
    )
    ends = now + longest(user)
    request.session.update({ROW: str(row.pk), PRINT: printed})
    request.session.update({UNTIL: ends.timestamp(), SINCE: now.timestamp()})


def remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser keep by what it is known again."""
    if secret := getattr(request, "new_browser", ""):
        response.set_signed_cookie(
            settings.BROWSER_COOKIE_NAME,
            secret,
            salt=SALT,
            max_age=int(REMEMBERED.total_seconds()),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def is_over(session: Any) -> bool:
    """Whether a session is older than sessions get, however busy its person is."""
    return bool(session.get(UNTIL)) and session[UNTIL] <= timezone.now().timestamp()


def follow(request: HttpRequest, *, was_seen: bool) -> None:
    """Keep the list in step with a session: its key may be another one now, its person ``was_seen``."""
    session = request.session
    changes: dict[str, Any] = {}
    printed, now = fingerprint(session.session_key), timezone.now()
    if session.session_key and printed != session[PRINT]:
        session[PRINT] = changes["fingerprint"] = printed
    if was_seen and now.timestamp() - session[SINCE] >= TOLD_EVERY.total_seconds():
        left = timedelta(seconds=session[UNTIL] - now.timestamp())
        stays = min(idle_limit(request.user), left)  # type: ignore[arg-type]  # somebody is signed in
        session.set_expiry(max(1, int(stays.total_seconds())))
        changes |= {"seen_at": now, "until": now + stays, "address": request.META["REMOTE_ADDR"][:45]}
    if changes:
        OpenSession.objects.filter(pk=session[ROW], ended_at=None).update(**changes)


@transaction.atomic
def end(ended: QuerySet[OpenSession], *, of: User, by: User | None, why: str) -> int:
    """End some sessions of a person, and tell how many these were; their streams end with them."""
    prints = list(ended.filter(user=of, ended_at=None).values_list("fingerprint", flat=True))
    ended.filter(user=of, ended_at=None).update(ended_at=timezone.now())
    key = Func(
        F("session_key"),
        template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')",
        output_field=CharField(),
    )
    gone = Session.objects.annotate(fingerprint=key).filter(fingerprint__in=prints) if prints else None
    if gone is not None:
        gone.delete()
        auditing.note(AuditEvent.Action.SESSION_END, by=by, record=of, why=f"{why} Sessions: {len(prints)}.")
    return len(prints)


def end_all(user: User, *, by: User | None, why: str, but: HttpRequest | None = None) -> int:
    """End every session of a person, ``but`` the one that asks where it is theirs."""
    others = OpenSession.objects.filter(user=user)
    if but is not None and hasattr(but, "session") and but.session.get(ROW):
        others = others.exclude(pk=but.session[ROW])
    return end(others, of=user, by=by, why=why)


def signed_out(request: HttpRequest | None) -> None:
    """Take the session that ends now off the list."""
    row = getattr(request, "session", {}).get(ROW) if request else None
    if row:
        OpenSession.objects.filter(pk=row, ended_at=None).update(ended_at=timezone.now())


def sweep() -> None:
    """Forget browsers that did not come back."""
    OpenSession.objects.filter(seen_at__lt=timezone.now() - REMEMBERED).delete()
