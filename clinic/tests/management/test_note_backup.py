import hashlib

import pytest
from django.core.management import CommandError, call_command

from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("what", "action"), [("made", "backup"), ("restored", "restore")])
def test_notes_which_file_it_was(tmp_path, what, action):
    dump = tmp_path / "promedicine.dump"
    dump.write_bytes(b"PGDMP rows")

    call_command("note_backup", what, str(dump))

    event = AuditEvent.objects.get(action=action)
    assert event.trace["sha256"] == hashlib.sha256(b"PGDMP rows").hexdigest()
    assert event.trace["bytes"] == "10"


def test_a_file_that_is_not_there_is_not_noted(tmp_path):
    with pytest.raises(CommandError, match=r"cannot be read: No such file"):
        call_command("note_backup", "made", str(tmp_path / "none.dump"))

    assert AuditEvent.objects.filter(action="backup").count() == 0
