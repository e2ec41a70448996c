"""A worker killed between Stripe's answer and our commit: nothing goes twice, the ledger catches up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction

from billing import gateway, refunding
from billing.models import Account, Order, Refund
from billing.tests.conftest import balance_of

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60  # seconds
WORKER = """
import sys, django
django.setup()
from billing.tasks import send_refund
send_refund(sys.argv[1])
"""


@contextmanager
def worker(owed: Refund, *, stripe: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that sends a refund, as a worker of the clinic would."""
    there = connection.settings_dict
    query = f"host={there['HOST']}&port={there['PORT']}&user={there['USER']}"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(owed.pk)],
        cwd=settings.BASE_DIR,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTEST_"))},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"postgres:///{there['NAME']}?{query}",
            "STRIPE_API_BASE": stripe,
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(so: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < limit
        time.sleep(0.1)


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return cursor.fetchone() == (1,)


def test_a_worker_killed_before_its_commit_gives_nothing_back_twice(paid, manager, work, simulated_stripe):
    owed = refunding.refund(paid, amount=Decimal("10.00"), by=manager, why="A courtesy.")
    intent = owed.payment.intent_id
    at_stripe = balance_of(Account.STRIPE)

    with transaction.atomic():
        Order.objects.get(pk=paid.pk).lock()  # the worker has Stripe's answer and cannot write it down
        with worker(owed, stripe=simulated_stripe.address) as process:
            wait_until(somebody_waits_for_us)
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE) == -signal.SIGKILL

    assert [there.amount for there in gateway.fetch_refunds(intent)] == [Decimal("10.00")]
    owed.refresh_from_db()
    assert (owed.status, owed.stripe_id) == (Refund.Status.REQUESTED, None)
    assert balance_of(Account.STRIPE) == at_stripe

    work()

    owed.refresh_from_db()
    assert owed.status == Refund.Status.SUCCEEDED
    assert balance_of(Account.STRIPE) == at_stripe - Decimal("10.00")
    assert balance_of(Account.REFUNDS) == 0
    assert [there.amount for there in gateway.fetch_refunds(intent)] == [Decimal("10.00")]
