"""Clusters to break, and waiting without sleeping longer than it takes."""

import shutil
import time
from pathlib import Path

import pytest

from config.supervisor import postgres


@pytest.fixture(scope="session")
def finished_cluster(tmp_path_factory):
    """A data folder with the database in it, made once; copies of it are cheaper than making more."""
    server = postgres.Server(tmp_path_factory.mktemp("cluster") / "data", durable=False)
    server.start()
    server.ensure_database()
    server.stop()
    return server.data


@pytest.fixture
def make_server(finished_cluster, tmp_path):
    """Make servers on copies of the finished cluster, and stop them all afterwards."""
    made = []

    def make(folder: Path | None = None, *, durable: bool = False) -> postgres.Server:
        data = folder or tmp_path / "data"
        if not data.exists():
            shutil.copytree(finished_cluster, data)
            data.chmod(0o700)
        server = postgres.Server(data, durable=durable)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def eventually():
    """Wait until something is so, and say whether it became so."""

    def wait(condition, *, seconds: float = 15) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    return wait
