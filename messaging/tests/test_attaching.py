"""Files with messages: taken in, kept, handed out, and what the database refuses of them."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from moto.server import ThreadedMotoServer
from PIL import Image

from config import printing
from config.base import uuid7
from messaging import attaching, chatting, reading, withdrawing
from messaging.models import Attachment, Message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """A storage of the test's own; tells what is in it."""
    settings.STORAGES = settings.STORAGES | {
        "default": {**settings.FOLDER, "OPTIONS": {"location": tmp_path}}
    }
    return lambda: sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def picture(name="knee.jpg", size=(600, 400)):
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue())


def send(room, by, *sent, text="", client_id=None):
    return attaching.post(room, by=by, text=text, client_id=client_id or uuid7(), files=sent or [picture()])


class TestPost:
    def test_keeps_a_picture_without_words(self, room, patient, doctor, files):
        message = send(room, patient)

        kept = message.attachments.get()
        assert (kept.kind, kept.name, kept.width, kept.height) == ("image", "knee.jpg", 600, 400)
        assert files() == sorted([kept.file, kept.thumbnail])
        assert len(attaching.read(kept)) == kept.size
        assert chatting.unread_for(doctor) == {room.pk: 1}

    def test_again_changes_nothing(self, room, patient, files):
        client_id = uuid7()

        first = send(room, patient, text="Look", client_id=client_id)

        assert send(room, patient, text="Look", client_id=client_id) == first
        assert (room.messages.count(), Attachment.objects.count(), len(files())) == (1, 1, 2)

    def test_refuses_all_of_it_with_one_file(self, room, patient, files):
        with pytest.raises(attaching.Unfit, match=r"^notes\.txt: Only pictures"):
            send(room, patient, picture(), SimpleUploadedFile("notes.txt", b"Hello"), text="Look")

        assert (room.messages.count(), files()) == (0, [])

    def test_refuses_a_sixth_file(self, room, patient, files):
        with pytest.raises(attaching.TooMany):
            send(room, patient, *(picture() for _ in range(6)))

        assert files() == []

    def test_refuses_who_cannot_write(self, room, patient, stranger, files):
        with pytest.raises(chatting.NotAMember):
            send(room, stranger)
        chatting.close_room(room, by=None)
        with pytest.raises(chatting.RoomClosed):
            send(room, patient)

        assert files() == []

    def test_leaves_no_file_when_the_message_is_refused_late(self, room, patient, files):
        with pytest.raises(chatting.TooLong):
            send(room, patient, text="x" * 4001)

        assert files() == []

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd", "passwd.jpg"),
            ("C:\\Photos\\Knee.JPEG", "Knee.jpg"),
            ("invoice\u202egpj.exe", "invoicegpj.jpg"),
            ("a\r\nSet-Cookie: b", "aSet-Cookie: b.jpg"),
            ("x" * 300, "x" * 80 + ".jpg"),
        ],
    )
    def test_shows_a_name_that_is_nothing_else(self, room, patient, name, shown):
        sent = picture()
        sent._name = name  # past what Django does to it

        assert send(room, patient, sent).attachments.get().name == shown


class TestReading:
    def test_tells_of_files_with_their_message(self, room, patient, doctor, django_assert_num_queries):
        for _ in range(3):
            send(room, patient, picture(), picture("rash.jpg"))
        asked = reading.asked(room, doctor)

        with django_assert_num_queries(2):
            told = asked.context()["room_messages"]

        assert [[file["name"] for file in one["attached"]] for one in told] == [["knee.jpg", "rash.jpg"]] * 3

    def test_hides_what_was_withdrawn_from_all_but_reviewers(self, room, patient, doctor, auditor):
        withdrawing.withdraw(send(room, patient), by=patient, reason="mistake")

        counts = [
            len(reading.read(room, who)["messages"][0]["attached"]) for who in (patient, doctor, auditor)
        ]

        assert counts == [0, 0, 1]


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


class TestFile:
    @pytest.fixture
    def ask(self, browser_of, staff_client):
        def ask(user, attachment, name="attachment"):
            browser = staff_client(user) if user.is_staff else browser_of(user)
            return browser.get(reverse(name, args=[attachment.pk]))

        return ask

    def test_is_handed_out_to_the_people_of_the_room_and_written_down(
        self, room, patient, doctor, ask, opened_records
    ):
        kept = send(room, patient).attachments.get()

        answer = ask(doctor, kept)

        assert answer.content == attaching.read(kept)
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["Content-Disposition"] == 'inline; filename="knee.jpg"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert opened_records == [(doctor, kept, "download")]

    def test_has_a_thumbnail_that_is_no_opening(self, room, patient, ask, opened_records):
        kept = send(room, patient).attachments.get()

        answer = ask(patient, kept, "attachment-thumbnail")

        assert Image.open(BytesIO(answer.content)).size == (480, 320)
        assert opened_records == []

    def test_is_not_there_for_strangers_nor_when_it_was_withdrawn(
        self, room, patient, doctor, stranger, auditor, ask
    ):
        message = send(room, patient)
        kept = message.attachments.get()
        assert ask(stranger, kept).status_code == 404
        assert ask(stranger, kept, "attachment-thumbnail").status_code == 404

        withdrawing.withdraw(message, by=patient, reason="mistake")

        assert [ask(who, kept).status_code for who in (patient, doctor, auditor)] == [404, 404, 200]

    def test_that_was_changed_in_the_storage_is_not_handed_out(self, room, patient):
        kept = send(room, patient).attachments.get()
        default_storage.delete(kept.file)
        default_storage.save(kept.file, ContentFile(b"something else"))

        with pytest.raises(printing.Damaged):
            attaching.read(kept)


class TestSweep:
    def test_removes_what_no_message_took_after_a_day(self, room, patient, files):
        kept = send(room, patient).attachments.get()
        today = timezone.now().date()
        folder = f"{attaching.FOLDER}/{today:%Y/%m/%d}"
        default_storage.save(f"{folder}/left.jpg", ContentFile(b"x"))

        assert [attaching.sweep(today=today + timedelta(days=days)) for days in (0, 1, 2)] == [0, 0, 1]

        assert files() == sorted([kept.file, kept.thumbnail])


class TestTheDatabase:
    @pytest.fixture
    def file(self):
        kept = {"kind": "image", "name": "a.jpg", "size": 1, "width": 1, "height": 1}
        return kept | {"file": f"{uuid7()}", "thumbnail": f"{uuid7()}"}

    def test_refuses_a_file_with_somebody_elses_message(self, room, patient, doctor, file):
        message = Message.objects.create(room=room, sequence=1, recorded_by=patient, attached=1)

        with pytest.raises(IntegrityError, match="only its sender"), transaction.atomic():
            Attachment.objects.create(message=message, recorded_by=doctor, position=1, **file)
        Attachment.objects.create(message=message, recorded_by=patient, position=1, **file)

    def test_refuses_one_more_than_was_said(self, room, patient, file):
        message = chatting.post(room, by=patient, text="Look")

        with pytest.raises(IntegrityError, match="carries no more files"), transaction.atomic():
            Attachment.objects.create(message=message, recorded_by=patient, position=1, **file)

    def test_refuses_a_message_without_the_file_it_says(self, room, patient):
        with transaction.atomic():
            Message.objects.create(room=room, sequence=1, recorded_by=patient, attached=1)
            with pytest.raises(IntegrityError, match="a file that it carries is missing"):
                connection.check_constraints()
            transaction.set_rollback(True)

    def test_refuses_a_message_with_neither_words_nor_files(self, room, patient):
        with pytest.raises(IntegrityError, match="says_something"), transaction.atomic():
            Message.objects.create(room=room, sequence=1, recorded_by=patient)


class TestSending:
    def test_by_the_script(self, room, patient, browser_of):
        address, client_id = reverse("room-messages", args=[room.pk]), str(uuid7())
        browser = browser_of(patient)

        answers = [
            browser.post(address, {"client_id": client_id, "files": picture()}).json() for _ in range(2)
        ]

        assert [answer["sequence"] for answer in answers] == [1, 1]
        told = browser.get(address).json()["messages"]
        assert told[0]["attached"][0]["about"].startswith("Picture, ")

    def test_by_the_script_is_refused_in_a_sentence(self, room, patient, stranger, browser_of):
        address = reverse("room-messages", args=[room.pk])
        sent = {"client_id": str(uuid7()), "files": SimpleUploadedFile("a.gif", b"GIF89a")}

        answer = browser_of(patient).post(address, sent)
        empty = browser_of(patient).post(address, {"client_id": str(uuid7())})

        assert (answer.status_code, answer.json()["error"][:20]) == (409, "a.gif: Only pictures")
        assert (empty.status_code, empty.json()["error"]) == (409, "Write something before you send it.")
        assert browser_of(stranger).post(address, sent).status_code == 404

    def test_without_a_script(self, room, patient, browser_of):
        sent = {"client_id": str(uuid7()), "text": "My knee", "files": [picture(), picture("rash.jpg")]}

        answer = browser_of(patient).post(reverse("room", args=[room.pk]), sent, follow=True)

        assert answer.status_code == 200
        page = answer.content.decode()
        assert [f'alt="{name}"' in page for name in ("knee.jpg", "rash.jpg")] == [True, True]


class TestInABucket:
    @pytest.fixture
    def bucket(self, settings):
        """The storage that the settings make of a bucket, over the real protocol."""
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        server.start()
        host, port = server.get_host_and_port()
        access = {"access_key": "key", "secret_key": "secret", "endpoint_url": f"http://{host}:{port}"}
        options = settings.BUCKET["OPTIONS"] | access | {"bucket_name": "attached"}
        settings.STORAGES = settings.STORAGES | {"default": settings.BUCKET | {"OPTIONS": options}}
        where = {"LocationConstraint": "ap-southeast-2"}
        default_storage.connection.create_bucket(Bucket="attached", CreateBucketConfiguration=where)
        yield default_storage
        server.stop()

    def test_files_are_kept_read_and_swept(self, bucket, room, patient):
        kept = send(room, patient).attachments.get()
        today = timezone.now().date()
        bucket.save(f"{attaching.FOLDER}/{today:%Y/%m/%d}/left.jpg", ContentFile(b"x"))

        assert attaching.sweep(today=today + timedelta(days=2)) == 1
        assert len(attaching.read(kept)) == kept.size
        assert len(attaching.read_thumbnail(kept)) > 0
