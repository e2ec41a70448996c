"""The embedded PostgreSQL, with every fault planted that such servers were seen to have."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from config.supervisor import postgres, processes

# Root may leave root in two ways, and which one depends on the machine; anybody else has nothing to leave.
WAYS = {"namespace": True, "nobody": False} if os.geteuid() == 0 else {"ordinary user": True}


def execute(data: Path, statement: str) -> psycopg.Cursor:
    where = postgres.address(data)
    with psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], autocommit=True
    ) as connection:
        return connection.execute(statement)


def ask(data: Path, statement: str):
    return execute(data, statement).fetchone()[0]


class TestAddress:
    def test_starts_and_makes_nothing(self, tmp_path):
        data = tmp_path / "clinic" / "data"

        where = postgres.address(data)

        assert where == {
            "HOST": str(data),
            "PORT": "5432",
            "USER": "clinic",
            "PASSWORD": "",
            "NAME": "promedicine",
        }
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["x" * 100, "a,b"])
    def test_is_elsewhere_when_the_folder_cannot_name_a_socket(self, tmp_path, monkeypatch, name):
        first = postgres.address(tmp_path / name)["HOST"]
        monkeypatch.setenv("TMPDIR", str(tmp_path))

        again = postgres.address(tmp_path / name)["HOST"]

        assert first == again
        assert Path(first).parent == Path(f"/tmp/promedicine-{os.geteuid()}")  # noqa: S108


class TestStart:
    def test_gives_a_role_that_owns_its_database_and_nothing_else(self, server):
        server.start()

        server.ensure_database()

        assert ask(server.data, "SELECT current_user") == "clinic"
        assert ask(server.data, "SELECT rolsuper FROM pg_roles WHERE rolname = 'clinic'") is False
        assert ask(server.data, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'clinic'") is True

    def test_lets_that_role_add_the_extensions_of_the_clinic(self, server):
        server.start()

        for name in ("btree_gist", "pg_trgm", "unaccent"):
            execute(server.data, f"CREATE EXTENSION {name}")

        assert ask(server.data, "SELECT unaccent('Nguyễn')") == "Nguyen"
        assert ask(server.data, "SELECT upper('müller')") == "MÜLLER"

    @pytest.mark.parametrize(
        "name", ["a space", "a 'quote' and a \"double\"", "ümlaut", "a,comma", "x" * 110]
    )
    def test_works_in_a_folder_called(self, make_server, tmp_path, name):
        server = make_server(tmp_path / name)

        server.start()

        assert ask(server.data, "SELECT 1") == 1

    def test_does_not_mind_what_the_shell_has_set(self, tmp_path, monkeypatch):
        surroundings = {
            "LC_ALL": "xx_XX.UTF-8",
            "LANG": "xx_XX",
            "PGPORT": "1",
            "PGDATA": "/",
            "PGHOST": "nowhere",
        }
        for name, value in surroundings.items():
            monkeypatch.setenv(name, value)
        server = postgres.Server(tmp_path / "data", durable=False)

        server.start()

        server.ensure_database()
        assert ask(server.data, "SELECT 1") == 1
        server.stop()

    @pytest.mark.parametrize("way", WAYS)
    def test_runs_for(self, way, make_server, monkeypatch):
        monkeypatch.setattr(processes, "namespaces_allowed", lambda: WAYS[way])
        server = make_server()

        server.start()

        execute(server.data, "CREATE TABLE kept (n int)")
        assert ask(server.data, "SELECT count(*) FROM kept") == 0

    def test_removes_what_an_interrupted_first_start_left(self, tmp_path):
        half_made = tmp_path / "data.new-1a2b"
        half_made.mkdir()
        server = postgres.Server(tmp_path / "data", durable=False)

        server.start()
        server.stop()

        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data.lock"]

    def test_refuses_the_data_of_another_major_version(self, server):
        (server.data / "PG_VERSION").write_text("15\n")

        with pytest.raises(postgres.CannotStart, match=r"made by PostgreSQL 15, and this is PostgreSQL 18\."):
            server.start()

    def test_refuses_a_second_supervisor(self, server, make_server):
        server.start()

        with pytest.raises(postgres.InUse):
            make_server(server.data).start()

        assert ask(server.data, "SELECT 1") == 1

    def test_says_what_postgresql_said_when_it_does_not_start(self, server):
        (server.data / "postgresql.conf").write_text("no_such_setting = 1\n")

        with pytest.raises(postgres.CannotStart, match="no_such_setting"):
            server.start()

        assert server.process is None


class TestStartAfterACrash:
    @pytest.mark.parametrize("content", ["", "garbage", "\n\n", "99999999\n"])
    def test_gets_over_a_pid_file_that_says(self, server, content):
        (server.data / "postmaster.pid").write_text(content)

        server.start()

        assert ask(server.data, "SELECT 1") == 1

    def test_spares_a_bystander_that_got_the_recorded_number(self, server):
        bystander = subprocess.Popen(["sleep", "60"])
        (server.data / "postmaster.pid").write_text(f"{bystander.pid}\n{server.data}\n")

        server.start()
        server.stop()

        assert bystander.poll() is None
        bystander.kill()
        bystander.wait()

    def test_spares_another_server_that_got_the_recorded_number(self, server, make_server, tmp_path):
        other = make_server(tmp_path / "other")
        other.start()
        (server.data / "postmaster.pid").write_text(f"{other.process.pid}\n{server.data}\n")

        server.start()

        assert ask(other.data, "SELECT 1") == 1
        assert ask(server.data, "SELECT 1") == 1

    def test_does_not_take_a_zombie_for_a_server(self, server):
        zombie = subprocess.Popen(["true"])
        (server.data / "postmaster.pid").write_text(f"{zombie.pid}\n{server.data}\n")

        server.start()

        assert ask(server.data, "SELECT 1") == 1
        zombie.wait()

    def test_ends_the_server_of_a_supervisor_that_was_killed(self, server, make_server):
        server.start()
        orphan = server.process
        server.lock.close()  # as the kernel does when the supervisor dies

        reaper = threading.Thread(target=orphan.wait)
        reaper.start()
        make_server(server.data).start()

        reaper.join()
        assert orphan.returncode == 0
        assert ask(server.data, "SELECT 1") == 1

    def test_keeps_every_acknowledged_row(self, make_server):
        server = make_server(durable=True)
        server.start()
        execute(server.data, "CREATE TABLE kept (n int)")
        for _ in range(50):
            execute(server.data, "INSERT INTO kept VALUES (1)")
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.stop()

        server.start()

        assert ask(server.data, "SELECT count(*) FROM kept") == 50

    def test_stops_by_itself_when_its_supervisor_is_killed(self, server, eventually):
        script = (
            "import sys, time; from pathlib import Path; from config.supervisor import postgres;"
            "server = postgres.Server(Path(sys.argv[1]), durable=False); server.start();"
            "print(server.process.pid, flush=True); time.sleep(60)"
        )
        supervisor = subprocess.Popen(
            [sys.executable, "-c", script, str(server.data)], stdout=subprocess.PIPE, text=True
        )
        postmaster = int(supervisor.stdout.readline())

        supervisor.kill()
        supervisor.communicate()

        assert eventually(lambda: postmaster not in processes.servers_in(server.data, postmaster))
        server.start()
        assert ask(server.data, "SELECT 1") == 1


class TestLog:
    def test_holds_no_statement_and_no_value(self, server):
        server.start()
        execute(server.data, "CREATE TABLE patient (email text PRIMARY KEY)")
        execute(server.data, "INSERT INTO patient VALUES ('thi@example.com')")

        with pytest.raises(psycopg.errors.UniqueViolation):
            execute(server.data, "INSERT INTO patient VALUES ('thi@example.com')")

        log = (server.data / "server.log").read_text()
        assert "duplicate key value" in log
        assert "thi@example.com" not in log


class TestRunning:
    def test_starts_and_stops_when_nobody_else_did(self, make_server):
        data = make_server().data

        with postgres.running(data):
            answered = ask(data, "SELECT 1")

        assert answered == 1
        assert not (data / "postmaster.pid").exists()

    def test_leaves_running_what_ran_before(self, server):
        server.start()

        with postgres.running(server.data):
            pass

        assert ask(server.data, "SELECT 1") == 1

    def test_keeps_the_server_for_those_who_came_later(self, make_server, eventually):
        data = make_server().data
        came, left = threading.Event(), threading.Event()

        def stay():
            with postgres.running(data):
                came.set()
                left.wait(10)

        with postgres.running(data):
            guest = threading.Thread(target=stay)
            guest.start()
            came.wait(10)
            threading.Timer(0.5, left.set).start()
            started = time.monotonic()

        assert time.monotonic() - started > 0.4
        guest.join()
        assert not (data / "postmaster.pid").exists()


class TestForTests:
    def test_gives_each_run_a_server_of_its_own(self, tmp_path):
        first, second = (postgres._start_test_server(tmp_path) for _ in range(2))

        names = [first.data.name, second.data.name]

        first.stop()
        second.stop()
        assert names == ["test-1", "test-2"]

    def test_makes_a_damaged_one_again(self, tmp_path):
        postgres._start_test_server(tmp_path).stop()
        (tmp_path / "test-1" / "global" / "pg_control").write_bytes(b"")

        server = postgres._start_test_server(tmp_path)

        server.ensure_database()
        assert ask(server.data, "SELECT 1") == 1
        server.stop()

    def test_leaves_a_named_database_alone(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/clinic")

        assert postgres.for_tests(tmp_path) == {}
        assert list(tmp_path.iterdir()) == []
