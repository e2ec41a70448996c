"""Files go to a private folder, or over the real S3 protocol to a bucket."""

import stat
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.storage.handler import StorageHandler
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def bucket(server, request):
    """A bucket of the test's own, and the storage that the settings would make of it."""
    host, port = server
    name = request.node.name.replace("_", "-")[-60:]
    access = {"access_key": "key", "secret_key": "secret", "endpoint_url": f"http://{host}:{port}"}
    client = boto3.client(
        "s3",
        region_name="ap-southeast-2",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        endpoint_url=access["endpoint_url"],
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
    options = settings.BUCKET["OPTIONS"] | access | {"bucket_name": name}
    return client, StorageHandler({"default": settings.BUCKET | {"OPTIONS": options}})["default"]


def test_a_file_comes_back_from_the_bucket_as_it_went(bucket):
    client, storage = bucket

    name = storage.save("documents/letter.pdf", ContentFile(b"%PDF-1.7 hello"))

    with storage.open(name) as file:
        assert file.read() == b"%PDF-1.7 hello"
    assert client.get_object(Bucket=storage.bucket_name, Key=name)["Body"].read() == b"%PDF-1.7 hello"


def test_a_file_in_the_bucket_is_private_and_its_address_short_lived(bucket):
    client, storage = bucket

    name = storage.save("documents/letter.pdf", ContentFile(b"x"))

    grantees = [
        grant["Grantee"]["Type"]
        for grant in client.get_object_acl(Bucket=storage.bucket_name, Key=name)["Grants"]
    ]
    assert grantees == ["CanonicalUser"]
    assert "X-Amz-Expires=60" in storage.url(name) or "Expires=" in storage.url(name)


def test_a_second_file_of_a_name_does_not_replace_the_first(bucket):
    _, storage = bucket

    first = storage.save("documents/letter.pdf", ContentFile(b"first"))
    second = storage.save("documents/letter.pdf", ContentFile(b"second"))

    assert first != second
    with storage.open(first) as file:
        assert file.read() == b"first"


def test_by_default_files_are_kept_in_a_private_folder(client, db):
    storage = storages["default"]
    name = storage.save("documents/letter.pdf", ContentFile(b"x"))

    assert storage.__class__.__name__ == "FileSystemStorage"
    # No address leads into the folder: a file is read only through a view that asks who reads.
    assert client.get("/" + storage.url(name).lstrip("/")).status_code == 404


def test_files_and_their_folders_are_private(tmp_path):
    storage = StorageHandler({"default": {**settings.FOLDER, "OPTIONS": {"location": tmp_path / "files"}}})[
        "default"
    ]

    name = storage.save("documents/letter.pdf", ContentFile(b"%PDF"))

    kept = Path(storage.path(name))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (kept, kept.parent, tmp_path / "files")]
    assert modes == [0o600, 0o700, 0o700]
