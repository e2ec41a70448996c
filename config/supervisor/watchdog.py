"""Whether the worker still takes tasks: its processes can all live and yet wait for each other for ever."""

import os
from pathlib import Path

import psycopg

from config.supervisor import postgres

UNTOUCHED = "3 minutes"
# A task's lock lies in the future while a worker has it; a waiting one's is the time since which it waits.
OVERDUE = "SELECT EXISTS (SELECT FROM django_q_ormq WHERE lock < now() - %s::interval)"


def is_stuck(data: Path) -> bool:
    """Say whether a task has waited for so long that no worker can be at work.

    A database that does not answer just now is no evidence: it says no.
    """
    try:
        with connect(data) as connection:
            found = connection.execute(OVERDUE, [UNTOUCHED]).fetchone()
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
