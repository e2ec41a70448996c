"""Conversations while things break, over real processes: ``make bench BENCH=churn`` in a small size."""

import json
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from config.supervisor import postgres
from config.tests import sharing

ROOMS, MESSAGES = 10, 200
PATIENCE = 900  # seconds after which something hangs, however slow the machine is


@pytest.fixture
def tables(db, tmp_path):
    """The empty database of this run, to be read in elsewhere."""
    sharing.static_files()
    there, dump = connection.settings_dict, tmp_path / "tables.sql"
    where = ["-h", there["HOST"], "-p", str(there["PORT"]), "-U", there["USER"], "-f", str(dump)]
    options = ["--no-owner", "--no-privileges", there["NAME"]]
    subprocess.run([postgres.binary("pg_dump"), *where, *options], check=True)
    return dump


def test_breaking_lines_processes_and_database_lose_double_and_leak_nothing(tables):
    done = subprocess.run(
        [sys.executable, "-m", "config.benchmarks.churn", str(ROOMS), str(MESSAGES), str(tables)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        check=True,
        timeout=PATIENCE,
    )
    found = json.loads(done.stdout)["figures"]

    happened = ("webs_killed", "databases_restarted", "sent_away", "stored")
    assert [found[name] for name in happened] == [1, 1, 2, MESSAGES]
    amiss = ("missing", "stored_twice", "unwritten", "pages_amiss", "streams_amiss", "amiss_in_concerns")
    assert [found[name] for name in amiss] == [0] * len(amiss)
    leaked = ("events_of_others", "events_after_going", "let_in")
    assert [found[name] for name in leaked] == [0] * len(leaked)
    # It was no quiet day: lines broke, answers were lost, and who does not belong there was at the doors.
    assert found["streams_opened"] > 2 * (ROOMS + 2) + MESSAGES / 10
    assert found["tries"] > MESSAGES
    assert found["refused"] > MESSAGES / 10
