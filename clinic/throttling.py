"""How often somebody may try: at the sign-in by account and network, at other doors by what they are.

Only tries of the last minutes count, and they stop counting by themselves. A password that was right is no
try. Nothing here asks whether an account exists: one that does not is shut in the same way.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from clinic import auditing
from clinic.models import AuditEvent, OpenSession, Shut, Try, User
from config.base import TooOften

SIGN_IN = "sign-in"
WITHIN = timedelta(minutes=15)
MOST_FAILED = 10
"""Wrong passwords for one account within ``WITHIN``, from all browsers that never signed in to it."""
MOST_ACCOUNTS = 40
"""Accounts that one network may fail at within ``WITHIN``: a whole practice may sit behind one address."""
FIRST_SHUT, LONGEST_SHUT = timedelta(minutes=15), timedelta(hours=2)
REMEMBERED = timedelta(days=1)
"""How long a shut account counts towards shutting it for longer."""
SOON = timedelta(seconds=5)
"""When a try that has to wait for others under way may come again."""


def mark(text: str) -> str:
    """A fingerprint of ``text``, which nobody can guess back without our key."""
    return salted_hmac("clinic.throttling", text.strip().lower(), algorithm="sha256").hexdigest()[:40]


def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the 64 bits that one IPv6 line has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False))


@transaction.atomic
def begin(email: str, *, address: str, browser: str) -> Try:
    """Begin to check a password; end it by ``succeed`` or ``fail``.

    A browser that has signed in to this account before has a lane of its own: strangers cannot shut
    somebody out at the browser they always use, nor by shutting the practice's network.

    :raises TooOften: the account or the network is shut, or as many tries as may be are under way
    """
    now = timezone.now()
    source, account = mark(network(address)), mark(email)
    if browser and OpenSession.objects.filter(user__email__iexact=email.strip(), browser=browser).exists():
        source, account = "", mark(f"{account} {browser}")
    _one_at_a_time(source, account)
    if source:
        _refuse_network(source, now=now)
    shut = Shut.objects.filter(account=account).order_by("at").last()
    if shut and shut.until > now:
        raise TooOften(shut.until - now)
    if _counted(account, now=now).count() >= MOST_FAILED:  # some of them are still being looked at
        raise TooOften(SOON)
    return Try.objects.create(door=SIGN_IN, account=account, source=source, at=now)


def succeed(attempt: Try) -> None:
    """The password was right: it never counts, and renews nothing."""
    Try.objects.filter(pk=attempt.pk).delete()


@transaction.atomic
def fail(attempt: Try, *, email: str) -> None:
    """The password was wrong: count it, and shut the account when it was one too many."""
    now = timezone.now()
    _one_at_a_time(attempt.source, attempt.account)
    before = _failed_accounts(attempt.source, now=now).count() if attempt.source else 0
    Try.objects.filter(pk=attempt.pk).update(is_failed=True)
    if attempt.source and before < MOST_ACCOUNTS <= _failed_accounts(attempt.source, now=now).count():
        auditing.note(AuditEvent.Action.LOCK_OUT, by=None, why="Network: too many accounts were tried.")
    if _counted(attempt.account, now=now).filter(is_failed=True).count() < MOST_FAILED:
        return
    earlier = Shut.objects.filter(account=attempt.account, at__gt=now - REMEMBERED).count()
    length = min(FIRST_SHUT * 2**earlier, LONGEST_SHUT)
    Shut.objects.create(account=attempt.account, at=now, until=now + length)
    auditing.note(
        AuditEvent.Action.LOCK_OUT,
        by=None,
        record=User.objects.filter(email__iexact=email.strip()).first(),
        why=f"Account: too many wrong passwords; shut for {length.total_seconds() / 60:.0f} minutes.",
        tried=auditing.mark_of(email),
    )


def shut_until(email: str) -> datetime | None:
    """Until when an account takes no password from unknown browsers; None where it does."""
    shut = Shut.objects.filter(account__in=_accounts(email), until__gt=timezone.now()).order_by("until")
    last = shut.last()
    return last.until if last else None


@transaction.atomic
def lift(email: str) -> None:
    """Let an account take passwords again, and forget what was tried."""
    accounts = _accounts(email)
    Shut.objects.filter(account__in=accounts).delete()
    Try.objects.filter(door=SIGN_IN, account__in=accounts).delete()


@transaction.atomic
def knock(door: str, *, source: str, most: int, within: timedelta) -> None:
    """Count one more knock at ``door``.

    :raises TooOften: there were ``most`` within ``within``; this one does not count
    """
    now = timezone.now()
    source = mark(source)
    _one_at_a_time(door + source)
    counted = Try.objects.filter(door=door, source=source, at__gt=now - within)
    if counted.count() >= most:
        raise TooOften(counted.aggregate(first=Min("at"))["first"] + within - now)
    Try.objects.create(door=door, source=source, at=now)


def sweep() -> None:
    """Forget what no longer counts."""
    before = timezone.now() - REMEMBERED
    Try.objects.filter(at__lt=before).delete()
    Shut.objects.filter(at__lt=before, until__lt=timezone.now()).delete()


def _accounts(email: str) -> list[str]:
    """The lanes of an account: of strange browsers, and of each that signed in to it."""
    account = mark(email)
    known = OpenSession.objects.filter(user__email__iexact=email.strip()).exclude(browser="")
    return [
        account,
        *(mark(f"{account} {one}") for one in known.values_list("browser", flat=True).distinct()),
    ]


def _counted(account: str, *, now: datetime) -> QuerySet:
    """The tries at an account that count: since it was last shut, not longer ago than the window."""
    tries = Try.objects.filter(door=SIGN_IN, account=account, at__gt=now - WITHIN)
    shut = Shut.objects.filter(account=account).order_by("at").last()
    return tries.filter(at__gt=shut.at) if shut else tries


def _failed_accounts(source: str, *, now: datetime) -> QuerySet:
    failed = Try.objects.filter(door=SIGN_IN, source=source, is_failed=True, at__gt=now - WITHIN)
    return failed.values("account").distinct()


def _refuse_network(source: str, *, now: datetime) -> None:
    failed = _failed_accounts(source, now=now)
    if failed.count() >= MOST_ACCOUNTS:
        first = failed.order_by().aggregate(first=Min("at"))["first"]
        raise TooOften(first + WITHIN - now)


def _one_at_a_time(*names: str) -> None:
    """Hold these names until the transaction ends: many tries at once would otherwise each be the first."""
    with connection.cursor() as cursor:
        for name in names:
            if name:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
