"""The clinic's own processes: kept running, and stopped with all that they started."""

import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from config.supervisor import programs, stamps, surroundings, watchdog
from config.supervisor.launch import Launcher, answers, serve
from config.supervisor.programs import Program

FAMILY = (
    "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); print('up', flush=True); time.sleep(60)"
)
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
BRIEF = "print('no such table', flush=True); raise SystemExit(3)"


@pytest.fixture
def make_program(tmp_path):
    made = []

    def make(script: str, *, patience: float = 5) -> Program:
        log = programs.fresh_log(tmp_path, "worker")
        program = Program("worker", ["-c", script], dict(os.environ), log, patience=patience)
        made.append(program)
        return program

    yield make
    for program in made:
        program.stop()


def is_up(program: Program) -> bool:
    return "up" in program.log.read_text()


def group(leader: int) -> list[str]:
    listed = subprocess.run(["/bin/ps", "-eo", "pgid=,stat="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if line.split()[0] == str(leader) and "Z" not in line]


class TestProgram:
    def test_is_started_again_after_a_pause_that_grows(self, make_program, eventually, capsys):
        program = make_program(BRIEF)
        program.start()
        started = time.monotonic()

        pauses = []
        for _ in range(3):
            assert eventually(lambda: program.process.poll() is not None)
            program.watch(started)
            pauses.append(program.retry_at - started)
            program.watch(started + pauses[-1])

        assert pauses == [1, 2, 4]
        first = capsys.readouterr().err.splitlines()[:2]
        assert first == [
            "The worker ended by itself (status 3). Starting it again in 1 s.",
            "    no such table",
        ]

    def test_is_left_alone_while_it_runs(self, make_program, eventually):
        program = make_program(FAMILY)
        program.start()
        pid = program.process.pid

        assert eventually(lambda: is_up(program))
        assert program.watch(time.monotonic()) is False
        assert program.process.pid == pid

    def test_takes_what_it_started_with_it(self, make_program, eventually):
        program = make_program(FAMILY)
        program.start()
        leader = program.process.pid
        assert eventually(lambda: is_up(program))
        before = len(group(leader))

        program.stop()

        assert before == 2
        assert eventually(lambda: group(leader) == [])

    def test_is_ended_by_force_when_it_does_not_listen(self, make_program, eventually, capsys):
        program = make_program(STUBBORN, patience=0.2)
        program.start()
        leader = program.process.pid
        assert eventually(lambda: is_up(program))

        program.stop()

        assert group(leader) == []
        assert capsys.readouterr().err == ("The worker did not stop in 0 seconds and is ended by force.\n")

    def test_keeps_what_the_last_run_wrote(self, tmp_path):
        programs.fresh_log(tmp_path, "web").write_text("last words")

        fresh = programs.fresh_log(tmp_path, "web")

        assert fresh.read_text() == ""
        assert (tmp_path / "web.previous.log").read_text() == "last words"


class Queue:
    """The real queue's tables, filled through a connection of its own so that others see it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def wait(self, since: str) -> None:
        self.connection.execute(
            "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('x', 'x', now() - %s::interval)", [since]
        )

    def done(self, ago: str) -> None:
        self.connection.execute(
            "INSERT INTO django_q_task (id, name, func, started, stopped, success, attempt_count)"
            " VALUES ('x', 'x', 'x', now() - %s::interval, now() - %s::interval, true, 1)",
            [ago, ago],
        )


class TestWatchdog:
    @pytest.fixture
    def queue(self, db, monkeypatch):
        """The queue of the test database, and the watchdog looking at it."""
        where = connection.settings_dict
        known = {
            "host": where["HOST"],
            "port": where["PORT"],
            "user": where["USER"],
            "password": where["PASSWORD"],
        }
        monkeypatch.setenv("DATABASE_URL", make_conninfo(dbname=where["NAME"], **known))
        with psycopg.connect(make_conninfo(dbname=where["NAME"], **known), autocommit=True) as own:
            yield Queue(own)
            own.execute("DELETE FROM django_q_ormq")
            own.execute("DELETE FROM django_q_task")

    @pytest.mark.parametrize(
        ("waited", "stuck"), [("4 minutes", True), ("2 minutes", False), ("-5 minutes", False)]
    )
    def test_tells_a_stuck_worker_by_a_task_that_waited(self, queue, tmp_path, waited, stuck):
        queue.wait(waited)

        assert watchdog.is_stuck(tmp_path) is stuck

    @pytest.mark.parametrize(("done", "stuck"), [("4 minutes", True), ("1 minute", False)])
    def test_does_not_take_a_long_queue_for_a_stuck_worker(self, queue, tmp_path, done, stuck):
        queue.wait("10 minutes")
        queue.done(done)

        assert watchdog.is_stuck(tmp_path) is stuck

    @pytest.mark.parametrize(("age", "restarted"), [(200, True), (20, False)])
    def test_has_an_old_stuck_worker_started_again(
        self, queue, make_program, tmp_path, eventually, age, restarted
    ):
        queue.wait("4 minutes")
        worker = make_program(FAMILY)
        worker.start()
        assert eventually(lambda: is_up(worker))
        before = worker.process.pid
        worker.started_at -= age
        launcher = Launcher(surroundings.Addresses("127.0.0.1", 8000, 8001), tmp_path)
        launcher.programs = [worker]

        launcher._look_at_queue()

        assert (worker.process.pid != before) is restarted
        assert (group(before) == []) is restarted

    def test_does_not_blame_the_worker_when_the_database_is_away(self, tmp_path, monkeypatch):
        monkeypatch.delenv("DATABASE_URL", raising=False)

        assert watchdog.is_stuck(tmp_path) is False


class TestSurroundings:
    def test_follow_the_port(self):
        environment = {"PORT": "8010"}

        addresses = surroundings.complete(environment)

        assert (addresses.host, addresses.port, addresses.simulator_port) == ("127.0.0.1", 8010, 8011)
        assert environment["BASE_URL"] == "http://127.0.0.1:8010"
        assert environment["STRIPE_API_BASE"] == "http://127.0.0.1:8011"
        assert environment["WEBHOOK_URL"] == "http://127.0.0.1:8010/webhook/stripe/"
        assert environment["ENVIRONMENT"] == "demo"

    def test_keep_what_is_set(self):
        environment = {"BASE_URL": "https://demo.example.com", "SIMULATOR_PORT": "9000"}

        addresses = surroundings.complete(environment)

        assert addresses.simulator_port == 9000
        assert environment["BASE_URL"] == "https://demo.example.com"

    @pytest.mark.allow_hosts(["192.0.2.1"])  # asked for the way there; nothing is sent
    def test_let_other_machines_in_when_asked_to(self):
        environment = {"HOST": "0.0.0.0"}  # noqa: S104

        addresses = surroundings.complete(environment)

        assert environment["ALLOWED_HOSTS"].split(",")[:2] == ["127.0.0.1", "localhost"]
        assert environment["WEBHOOK_URL"].startswith("http://127.0.0.1:8000/")
        assert addresses.site == f"http://{surroundings.own_address()}:8000"

    @pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1"])
    def test_refuse_what_is_no_port(self, port):
        with pytest.raises(surroundings.BadSetting, match=f"PORT={port} is not a port"):
            surroundings.complete({"PORT": port})


class TestStamps:
    def test_change_with_a_file_and_with_nothing_else(self, tmp_path):
        file = tmp_path / "0001_first.py"
        file.write_text("first")
        before = stamps._digest([file])

        same = stamps._digest([file])
        file.write_text("second, longer")

        assert same == before
        assert stamps._digest([file]) != before

    def test_are_not_believed_when_they_cannot_be_read(self, tmp_path):
        (tmp_path / "made.json").write_text("{half")

        assert stamps._kept(tmp_path) == {}


ANSWERS = """
async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})
"""


class TestServe:
    def test_writes_no_address_that_was_asked_for(self, make_program, tmp_path, eventually):
        (tmp_path / "quiet.py").write_text(ANSWERS)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        program = make_program("")
        program.command = serve("quiet:application", host="127.0.0.1", port=port, grace=1)
        program.environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        program.start()
        up = eventually(lambda: answers("127.0.0.1", port))

        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/admin/search/?s=Banks")
        status = connection.getresponse().status
        connection.close()
        program.stop()

        assert (up, status) == (True, 200)
        assert program.log.read_text() == ""


@pytest.mark.parametrize("program", ["launch", "manage"])
def test_files_of_a_clinic_are_its_users_alone(program, tmp_path):
    """A setting that makes no sense ends both before they start anything, but not before the mask."""
    main = "main()" if program == "launch" else "main(['check'])"
    script = f"import os; from config.supervisor import {program} as it; it.{main}; print(oct(os.umask(0)))"

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PORT": "none"},
        cwd=surroundings.BASE,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "0o77"
