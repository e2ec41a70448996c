"""The trail is tampered with behind every guard, and each time the first bad row is named."""

import json
import subprocess
import sys
import zipfile
from contextlib import suppress
from io import BytesIO, StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from clinic import anchoring, auditing, chaining, demonstrating, packing
from clinic.models import AuditAnchor, AuditEvent, Practice
from config import evidence, signing
from config.hashing import canonical
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trail(files):
    """Two seals over three events each, and an anchor that knows of both."""
    events = []
    for _ in range(2):
        events += [auditing.note("read", by=None, why=f"Reason {n}.") for n in range(3)]
        chaining.seal()
    anchoring.anchor()
    return events


@pytest.fixture(autouse=True)
def bare(transactional_db):
    """What the product ships was written down too: here the trail begins with the test."""
    connection.cursor().execute(
        "TRUNCATE clinic_auditevent, clinic_auditlink, clinic_auditseal, clinic_auditanchor"
    )


def verify(*files):
    """The verdict of the command: whether all is well, and its findings by kind and row."""
    out = StringIO()
    with suppress(CommandError):
        call_command("verify_audit", "--format=json", *[f"--anchor={file}" for file in files], stdout=out)
    told = json.loads(out.getvalue())
    return [(fault["kind"], fault["row"]) for fault in told["faults"]]


@pytest.fixture
def tamper(off_guard):
    def do(*statements):
        with off_guard(
            "clinic_auditevent", "clinic_auditlink", "clinic_auditseal", "clinic_auditanchor"
        ) as cursor:
            for statement in statements:
                cursor.execute(statement)

    return do


class TestVerify:
    def test_is_content_where_nothing_was_touched(self, trail):
        assert verify() == []

    @pytest.mark.parametrize("part", [1, 2, 4])
    def test_is_the_same_in_parts_of_any_size(self, trail, monkeypatch, part):
        monkeypatch.setattr(demonstrating, "PART", part)

        assert verify() == []

    @pytest.mark.parametrize(
        "change",
        [
            "why = 'Another.'",
            "at = at + interval '1 microsecond'",
            "action = 'print'",
            "trace = '{\"a\": 1}'",
        ],
    )
    def test_names_an_event_that_was_edited(self, trail, tamper, change):
        tamper(f"UPDATE clinic_auditevent SET {change} WHERE id IN ('{trail[2].pk}', '{trail[4].pk}')")

        assert verify() == [("edit", str(trail[2].pk))]

    def test_names_an_event_that_was_deleted(self, trail, tamper):
        tamper(f"DELETE FROM clinic_auditevent WHERE id = '{trail[3].pk}'")

        assert verify() == [("delete", str(trail[3].pk))]

    def test_names_where_a_link_was_deleted_with_its_event(self, trail, tamper):
        tamper(
            f"DELETE FROM clinic_auditevent WHERE id = '{trail[3].pk}'",
            f"DELETE FROM clinic_auditlink WHERE id = '{trail[3].pk}'",
        )

        assert verify() == [("delete", str(trail[4].pk))]

    def test_names_an_event_that_was_put_in(self, trail, tamper):
        late = auditing.note("read", by=None)
        tamper(f"UPDATE clinic_auditevent SET tx = 3 WHERE id = '{late.pk}'")

        chaining.seal()
        assert verify() == [("insert", str(late.pk))]

    def test_names_two_that_changed_places(self, trail, tamper):
        one, other = trail[1].pk, trail[4].pk
        tamper(
            f"UPDATE clinic_auditlink SET number = 99 WHERE id = '{one}'",
            f"UPDATE clinic_auditlink SET number = 2 WHERE id = '{other}'",
            f"UPDATE clinic_auditlink SET number = 5 WHERE id = '{one}'",
        )

        assert verify() == [("swap", str(other))]

    def test_sees_a_tail_that_was_cut_off_by_its_anchor(self, trail, tamper):
        tamper(
            "DELETE FROM clinic_auditevent WHERE id IN (SELECT id FROM clinic_auditlink WHERE number > 3)",
            "DELETE FROM clinic_auditlink WHERE number > 3",
            "DELETE FROM clinic_auditseal WHERE number > 1",
            "DELETE FROM clinic_auditevent WHERE record_type = 'clinic.auditanchor'",
        )

        assert verify() == [("truncate", "seal 2")] * 2  # the table's anchor, and the one in storage

    def test_sees_a_trail_that_was_written_anew_by_its_anchor(self, trail, tamper):
        tamper(
            f"UPDATE clinic_auditevent SET why = 'New.' WHERE id = '{trail[4].pk}'",
            "DELETE FROM clinic_auditlink WHERE number > 3",
            "DELETE FROM clinic_auditseal WHERE number > 1",
            "DELETE FROM clinic_auditanchor",
        )
        chaining.seal()

        assert verify() == [("fork", "seal 2")]

    def test_sees_a_clock_that_was_set_back(self, trail, tamper):
        tamper(
            "UPDATE clinic_auditseal SET recorded_at = recorded_at - interval '1 day' WHERE number = 2",
            "UPDATE clinic_auditseal s SET mark = clinic_seal_mark("
            "(SELECT mark FROM clinic_auditseal WHERE number = 1), s) WHERE number = 2",
            "DELETE FROM clinic_auditanchor",
        )
        default_storage.delete(f"audit/anchors/{Practice.objects.current().today()}.json")

        assert verify() == [("clock", "seal 2")]

    def test_says_that_nothing_was_ever_sealed(self, tamper):
        event = auditing.note("read", by=None)
        tamper("UPDATE clinic_auditevent SET at = now() - interval '1 hour'")

        assert verify() == [("unsealed", str(event.pk))]


class TestAnchor:
    def test_there_is_one_a_day(self, trail):
        assert anchoring.anchor() is None
        assert AuditAnchor.objects.count() == 1

    def test_is_mailed_and_the_letter_proves_as_much(self, files, tmp_path):
        practice = Practice.objects.current()
        practice.change(by=None, anchor_address="keeper@example.com")
        anchoring.anchor()

        letter = Letter.objects.get(template="clinic/mail/audit_anchor")
        saved = tmp_path / "letter.eml"
        saved.write_bytes(mailing.render(letter).message().as_bytes())
        assert letter.to == "keeper@example.com"
        assert isinstance(anchoring.read("letter", saved.read_bytes()), anchoring.Told)
        assert verify(saved) == []

    @pytest.mark.parametrize(
        "content", [b"", b"\xff\x00junk", b"{}", b"[" * 5000, b'{"anchor": {"seal": 1}, "signature": 5}']
    )
    def test_junk_in_storage_is_named(self, trail, content):
        default_storage.save("audit/anchors/junk.json", ContentFile(content))

        assert verify() == [("anchor", "audit/anchors/junk.json")]

    def test_a_file_that_nobody_signed_is_named(self, trail):
        one = AuditAnchor.objects.get()
        told = json.loads(one.document) | {"seal": 99}
        forged = canonical({"anchor": told, "signature": one.signature})
        default_storage.save("audit/anchors/forged.json", ContentFile(forged))

        assert verify() == [("anchor", "audit/anchors/forged.json")]

    def test_a_missing_file_is_named(self, trail, tmp_path):
        assert verify(tmp_path / "none.json") == [("anchor", "none.json")]

    def test_an_earlier_key_counts_as_long_as_it_is_listed(self, trail, settings):
        before = signing.public_key()
        settings.AUDIT_KEY = "ab" * 32
        assert {kind for kind, _ in verify()} == {"anchor"}

        settings.AUDIT_KEYS_RETIRED = [before]
        assert verify() == []


def packed(events=None):
    file = BytesIO()
    told = packing.pack(
        AuditEvent.objects.all() if events is None else events, to=file, by=None, why="Asked."
    )
    return file, told


def changed(file, change):
    """The pack again, after ``change(files)``."""
    with zipfile.ZipFile(file) as pack:
        files = {name: pack.read(name) for name in pack.namelist()}
    change(files)
    again = BytesIO()
    with zipfile.ZipFile(again, "w") as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return again


def judged(tmp_path, file, *words):
    """What the checker in the pack says, run with nothing but Python itself."""
    (tmp_path / "pack.zip").write_bytes(file.getvalue())
    (tmp_path / "verify.py").write_bytes(zipfile.ZipFile(file).read("verify.py"))
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "pack.zip", *words],
        cwd=tmp_path, capture_output=True, text=True, env={"PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout


class TestPack:
    def test_is_checked_without_us(self, trail, tmp_path):
        file, told = packed(AuditEvent.objects.filter(pk__in=[event.pk for event in trail]))

        assert told == packing.Packed(6, 0)
        status, said = judged(tmp_path, file, "--key", signing.public_key())
        assert (status, said) == (0, "All 6 events are as they were sealed.\n")
        assert AuditEvent.objects.filter(action="export", why="Asked.").count() == 1

    def test_a_choice_of_events_is_proved_without_the_others(self, trail, tmp_path):
        file, _ = packed(AuditEvent.objects.filter(pk=trail[4].pk))

        assert judged(tmp_path, file)[0] == 0
        content = zipfile.ZipFile(file).read("events.jsonl").decode()
        assert str(trail[4].pk) in content
        assert str(trail[3].pk) not in content

    @pytest.mark.parametrize(
        "change",
        [
            lambda files: files.update(
                {"events.jsonl": files["events.jsonl"].replace(b"Reason 1", b"Reason 9")}
            ),
            lambda files: files.update(
                {"events.jsonl": b"".join(files["events.jsonl"].splitlines(keepends=True)[1:])}
            ),
            lambda files: files.update({"anchors.jsonl": b""}),
            lambda files: files.pop("seals.jsonl"),
            lambda files: files.update({"manifest.json": files["manifest.json"].replace(b":6,", b":5,")}),
        ],
        ids=["edited", "removed", "no anchors", "no seals", "manifest"],
    )
    def test_tells_when_it_was_touched(self, trail, tmp_path, change):
        file, _ = packed(AuditEvent.objects.filter(pk__in=[event.pk for event in trail]))

        status, said = judged(tmp_path, changed(file, change))
        assert status == 1
        assert said.startswith("WRONG: ")

    def test_tells_when_somebody_else_signed_it(self, trail, tmp_path, settings):
        ours = signing.public_key()
        settings.AUDIT_KEY = "ab" * 32
        file, _ = packed()

        assert judged(tmp_path, file, "--key", ours) == (
            1, "WRONG: The manifest is signed with a key that is not trusted.\n",
        )  # fmt: skip

    def test_tells_of_an_event_that_was_edited_on_the_server(self, trail, tmp_path, tamper):
        tamper(f"UPDATE clinic_auditevent SET why = 'Another.' WHERE id = '{trail[1].pk}'")
        file, _ = packed()

        assert judged(tmp_path, file)[1] == "WRONG: The links of seal 1 do not lead to its head.\n"

    def test_refuses_to_pack_nothing(self, trail):
        with pytest.raises(packing.CannotPack, match="None of these events is sealed yet"):
            packed(AuditEvent.objects.none())

    def test_refuses_without_a_key(self, trail, settings):
        settings.AUDIT_KEY = ""
        with pytest.raises(packing.CannotPack, match="AUDIT_KEY is missing"):
            packed()

    def test_the_command_writes_one(self, trail, tmp_path):
        out = tmp_path / "evidence.zip"
        call_command("audit_pack", f"--out={out}", "--from=2020-01-01", stdout=StringIO())

        assert judged(tmp_path, BytesIO(out.read_bytes()))[0] == 0


# RFC 8032, section 7.1.
VECTORS = [
    (
        "",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "72",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "af82",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("message", "key", "signature"), VECTORS)
def test_signatures_are_checked_as_the_standard_says(message, key, signature):
    message = bytes.fromhex(message)

    assert evidence.is_signed(message, signature, key)
    assert not evidence.is_signed(message + b"x", signature, key)
    assert not evidence.is_signed(message, signature[:-2] + "ff", key)
    assert not evidence.is_signed(
        message, signature, VECTORS[0][1] if key != VECTORS[0][1] else VECTORS[1][1]
    )
