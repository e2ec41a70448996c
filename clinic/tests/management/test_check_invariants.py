import json

import pytest
from django.core.management import CommandError, call_command

from clinic import chaining, tasks
from clinic.models import Inspection
from config import invariants

pytestmark = pytest.mark.django_db


def test_prints_every_check(capsys):
    call_command("check_invariants")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(invariants.checks())
    assert {line[:7] for line in lines} == {"ok     "}


def test_fails_and_names_the_rows(confirmed, off_guard, capsys):
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")

    with pytest.raises(CommandError, match=r"^1 of \d+ checks failed\. Look at the rows") as failed:
        call_command("check_invariants")

    assert failed.value.returncode == 1
    assert f"1 broken, such as {confirmed.pk}" in capsys.readouterr().out


def test_speaks_json(capsys):
    call_command("check_invariants", format="json")

    told = json.loads(capsys.readouterr().out)
    assert told["met"] is True
    assert [check["name"] for check in told["checks"]] == [check.name for check in invariants.checks()]


def test_is_done_by_the_worker_too():
    chaining.seal()
    tasks.prove_trail()
    tasks.check_invariants()

    done = Inspection.objects.get()
    assert [finding for finding in done.findings if finding["broken"]] == []
    assert done.failed == 0
