"""The whole set from one command, in a folder of its own: refused, killed, started again, stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import psycopg
import pytest

from config.supervisor import postgres, processes, surroundings

PARTS = (
    "config",
    "clinic",
    "catalog",
    "billing",
    "messaging",
    "templates",
    "fixtures",
    "manage.py",
    "uv.lock",
)
# What this test run is told must not reach a clinic that starts by itself.
OURS = ("DATABASE_URL", "POSTGRES_TEST_DATA", "PORT", "SIMULATOR_PORT", "HOST", "MAKELEVEL", "BASE_URL")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """A copy of the product in another folder, as a clone would be, stopped for good at the end."""
    clinic = Clinic(tmp_path_factory.mktemp("launch") / "a clinic")
    yield clinic
    clinic.kill()


class Clinic:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_ports()
        self.launchers: list[subprocess.Popen] = []
        source = surroundings.BASE
        for part in PARTS:
            copy = shutil.copytree if (source / part).is_dir() else shutil.copy
            copy(source / part, folder / part)

    def start(self, **settings: str) -> subprocess.Popen:
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        launcher = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor.launch"],
            cwd=self.folder,
            env=kept | {"ENVIRONMENT": "test", "PORT": str(self.port)} | settings,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.launchers.append(launcher)
        return launcher

    def start_and_wait(self) -> subprocess.Popen:
        launcher = self.start()
        said = []
        for line in launcher.stderr:
            said.append(line)
            if "Ctrl-C stops it" in line:
                return launcher
        raise AssertionError("".join(said))

    def left(self) -> set[int]:
        """Everything of this clinic that runs, the database included."""
        data = postgres.default_data(self.folder)
        return processes.survivors(self.folder / ".devdb", {}) | processes.servers_in(data, 0)

    def execute(self, statement: str) -> psycopg.Cursor:
        where = postgres.address(postgres.default_data(self.folder))
        with psycopg.connect(
            host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], autocommit=True
        ) as connection:
            return connection.execute(statement)

    def status(self, path: str, *, port: int | None = None) -> int:
        with closing(HTTPConnection("127.0.0.1", port or self.port, timeout=10)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    def pool(self) -> int:
        """How many processes the worker has become."""
        leader, _ = json.loads((self.folder / ".devdb" / "run.json").read_text())["worker"]
        return len(psutil.Process(leader).children(recursive=True))

    def kill(self) -> None:
        for launcher in self.launchers:
            launcher.kill()
            launcher.wait()
            launcher.stderr.close()


def free_ports() -> int:
    """A port that is free, and so is the one after it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_a_taken_port_is_told_before_anything_is_started(clinic):
    with socket.create_server(("127.0.0.1", clinic.port)):
        launcher = clinic.start()
        said = launcher.communicate(timeout=60)[1]

    assert launcher.returncode == 1
    assert said.startswith(f"Port {clinic.port} is taken by another program. Choose another one")
    assert said.count("\n") == 1
    assert clinic.left() == set()


def test_the_life_of_a_clinic(clinic, eventually):
    first = clinic.start_and_wait()
    answers = clinic.status("/accounts/login/"), clinic.status("/simulator/webhooks", port=clinic.port + 1)
    working = eventually(lambda: clinic.pool() == 5)  # two workers, a monitor, a pusher and their parent
    clinic.execute("CREATE TABLE kept (n int)")

    second = clinic.start(PORT=str(free_ports()))
    refused = second.communicate(timeout=60)[1]

    first.kill()
    first.communicate()
    left_nothing = eventually(lambda: clinic.left() == set())
    name, _, value = processes.mark(clinic.folder / ".devdb").partition("=")
    stray = subprocess.Popen(["sleep", "60"], env={name: value}, start_new_session=True)

    third = clinic.start_and_wait()
    stray_ended = stray.wait(10)
    kept = clinic.execute("SELECT count(*) FROM kept").fetchone()
    third.send_signal(signal.SIGTERM)
    farewell = third.communicate(timeout=60)[1]

    assert answers == (200, 200)
    assert working
    assert (second.returncode, refused.count("\n")) == (1, 1)
    assert refused.startswith("ProMedicine already runs from this folder")
    assert left_nothing
    assert stray_ended == -signal.SIGTERM
    assert kept == (0,)
    assert (third.returncode, farewell) == (0, "Stopping …\n")
    assert clinic.left() == set()
