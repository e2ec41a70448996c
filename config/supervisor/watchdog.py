"""Whether the worker still takes tasks: its processes can all live and yet wait for each other for ever.

``python -m config.supervisor.watchdog`` answers with its exit status: 1 when the worker is stuck.
"""

import os
import sys
from pathlib import Path

import psycopg

from config.supervisor import postgres, surroundings

PATIENCE = 180  # seconds; longer than a single task may take
# A waiting task's lock is the time since which it waits; that of one in work lies in the future.
# A long queue alone is no evidence: a worker that is only busy finishes something now and then.
STUCK = """
    SELECT EXISTS (SELECT FROM django_q_ormq WHERE lock < now() - make_interval(secs => %(patience)s))
       AND NOT EXISTS (SELECT FROM django_q_task WHERE stopped > now() - make_interval(secs => %(patience)s))
"""


def is_stuck(data: Path) -> bool:
    """Say whether tasks have waited for so long, and none was done, that no worker can be at work.

    A database that does not answer just now is no evidence: it says no.
    """
    try:
        with connect(data) as connection:
            found = connection.execute(STUCK, {"patience": PATIENCE}).fetchone()
    except psycopg.Error:
        return False
    return bool(found and found[0])


def connect(data: Path) -> psycopg.Connection:
    url = os.environ.get("DATABASE_URL")
    if url:
        return psycopg.connect(url, connect_timeout=3)
    where = postgres.address(data)
    return psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], connect_timeout=3
    )


if __name__ == "__main__":
    surroundings.own()
    sys.exit(is_stuck(postgres.default_data(surroundings.BASE)))
