"""``make run``: the database, the web, the worker and the payment simulator, until somebody stops them.

Run as ``python -m config.supervisor.launch``. Progress goes to standard error, addresses and sign-ins to
standard output.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from config.supervisor import postgres, processes, stamps, surroundings, watchdog
from config.supervisor.programs import Program, fresh_log, say

TICK = 0.1  # seconds between two looks at everything
STARTING = 90  # seconds that a program may take to answer
WATCHDOG = 30  # seconds between two looks at the queue
PATIENCE = {"web": 8, "worker": 15, "payment simulator": 5}


class Stopped(Exception):
    """Somebody asked us to stop."""


class Failed(Exception):
    """The clinic cannot run, and ``str()`` of this says why."""


class Launcher:
    """Everything that belongs to one running clinic."""

    def __init__(self, addresses: surroundings.Addresses, state: Path) -> None:
        self.addresses = addresses
        self.state = state
        self.data = postgres.default_data(surroundings.BASE)
        self.server: postgres.Server | None = None
        self.programs: list[Program] = []
        self.preparation: Preparation | None = None
        self.stopping = False
        self.made_by = os.getppid() if os.environ.get("MAKELEVEL") else None
        self.next_look = 0.0

    def run(self) -> None:
        """Start everything, say where it is, and keep it running until asked to stop.

        :raises Failed: when something does not start.
        """
        with self._only_one():
            try:
                self._end_leftovers()
                surroundings.refuse_taken_ports(self.addresses)
                self._start_database()
                self._start_programs()
                say(f"ProMedicine runs at {os.environ['BASE_URL']} — Ctrl-C stops it.")
                self._keep_running()
            finally:
                self._stop()

    def ask_to_stop(self, *_: object) -> None:
        self.stopping = True  # never raise here: a second Ctrl-C must not skip the clean-up

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        self.state.mkdir(exist_ok=True)
        with (self.state / "run.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise Failed(
                    f"ProMedicine already runs from this folder ({lock.read().strip() or 'just starting'}). "
                    "Stop it with Ctrl-C where it was started, or use it."
                ) from None
            lock.truncate(0)
            lock.write(f"{self.addresses.site}, process {os.getpid()}")
            lock.flush()
            yield
            lock.truncate(0)

    def _end_leftovers(self) -> None:
        """End what a launcher left that was killed by force and could not clean up."""
        record = self.state / "run.json"
        births = read_record(record)
        for number in (signal.SIGTERM, signal.SIGKILL):
            left = processes.survivors(self.state, births)
            for group in left:
                processes.end_group(group, number)
            if left:
                say(f"Ending {len(left)} processes of an earlier run …")
                self._wait(lambda: not processes.survivors(self.state, births), 10, or_else=None)
        record.unlink(missing_ok=True)

    def _start_database(self) -> None:
        if os.environ.get("DATABASE_URL"):
            return
        server = postgres.Server(self.data)
        told = False
        while not self.server:
            self._look()
            try:
                server.start()
                self.server = server
            except postgres.InUse:
                if not told:
                    say("Another command uses the database; waiting for it to end …")
                told = True
                time.sleep(TICK)
        server.ensure_database()

    def _start_programs(self) -> None:
        """Prepare the database, then start the programs; both at once when nothing has changed."""
        stale = stamps.stale(self.state)
        self.programs = self._make_programs()
        preparation = self._start_preparation(stale)
        if stale:
            self._wait(preparation.is_ready, None, or_else=None)
        for program in self.programs:
            if program is not self._worker:
                program.start()
        self._record()
        self._wait_for_answers()
        self._wait(preparation.is_ready, None, or_else=None)
        stamps.keep(self.state)
        self._wait(preparation.has_told, STARTING, or_else="The sign-ins were not printed.")
        self._worker.adopt(preparation.process)
        self.preparation = None
        self._record()

    def _start_preparation(self, stale: set[str]) -> "Preparation":
        """Have Django migrate, collect and load the demo in the process that later is the worker."""
        arguments = [str(self._worker.log), *sorted(stale)]
        self.preparation = Preparation(arguments, self._environment(PROCESS="worker"))
        return self.preparation

    @property
    def _worker(self) -> Program:
        return next(program for program in self.programs if program.name == "worker")

    def _record(self) -> None:
        """Leave word of our processes to the next launcher, should this one be killed by force."""
        running = {program.name: program.process.pid for program in self.programs if program.process}
        # On Linux their environment tells which are ours; elsewhere, since when they run.
        record = {
            name: [pid, "" if sys.platform == "linux" else processes.born(pid)]
            for name, pid in running.items()
        }
        (self.state / "run.json").write_text(json.dumps(record))

    def _make_programs(self) -> list[Program]:
        here = self.addresses
        commands = {
            "web": serve("config.asgi:application", host=here.host, port=here.port, grace=5),
            "worker": ["manage.py", "qcluster"],
        }
        if os.environ["ENVIRONMENT"] in surroundings.REHEARSALS:
            commands["payment simulator"] = serve(
                "billing.simulator.app:application", host=here.host, port=here.simulator_port, grace=2
            )
        logs = self.state / "log"
        return [
            Program(
                name,
                command,
                self._environment(PROCESS=name.split()[-1], **self._own(name)),
                fresh_log(logs, name.split()[-1]),
                patience=PATIENCE[name],
            )
            for name, command in commands.items()
        ]

    def _own(self, name: str) -> dict[str, str]:
        """What one program is told besides: the simulator that nothing is real, unless it has been set."""
        return {"DEBUG": os.environ.get("DEBUG", "true")} if name == "payment simulator" else {}

    def _environment(self, **own: str) -> dict[str, str]:
        fixed = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **fixed, processes.MARK: str(self.state), **own}

    def _wait_for_answers(self) -> None:
        ports = {"web": self.addresses.port, "payment simulator": self.addresses.simulator_port}
        for program in self.programs:
            if program.name in ports:
                port = ports[program.name]
                self._wait(
                    partial(answers, self.addresses.local, port),
                    STARTING,
                    or_else=f"The {program.name} does not answer. See {program.log}.",
                )

    def _keep_running(self) -> None:
        with contextlib.suppress(Stopped):
            self._wait(lambda: False, None, or_else=None)

    def _wait(self, until: Callable[[], bool], seconds: float | None, *, or_else: str | None) -> None:
        """Look after everything until something is so.

        :raises Stopped: when asked to stop.
        :raises Failed: with ``or_else``, when it is not so in time; without ``or_else``, waiting just ends.
        """
        deadline = time.monotonic() + seconds if seconds else None
        while not until():
            self._look()
            if deadline and time.monotonic() > deadline:
                if or_else:
                    raise Failed(or_else)
                return
            time.sleep(TICK)

    def _look(self) -> None:
        if self.stopping or (self.made_by and os.getppid() != self.made_by):
            raise Stopped
        now = time.monotonic()
        if any([program.watch(now) for program in self.programs]):  # noqa: C419 - all of them, not up to the first
            self._record()
        if self.server and self.server.process and self.server.process.poll() is not None:
            say("PostgreSQL ended unexpectedly. Starting it again.")
            self.server.stop()
            self.server.start()
        if self.programs and now > self.next_look:
            self.next_look = now + WATCHDOG
            self._look_at_queue()

    def _look_at_queue(self) -> None:
        if time.monotonic() - self._worker.started_at < watchdog.PATIENCE:
            return  # it may not have got to the old tasks yet
        if watchdog.is_stuck(self.data):
            self._worker.restart("The worker takes no tasks.")
            self._record()

    def _stop(self) -> None:
        if self.programs:
            say("Stopping …")
        if self.preparation:
            self.preparation.end()
        for program in self.programs:
            program.stop()
        if self.server:
            self.server.stop()
        (self.state / "run.json").unlink(missing_ok=True)


def read_record(path: Path) -> dict[int, str]:
    """What an earlier launcher left word of; a half-written word is none."""
    try:
        return {int(pid): birth for pid, birth in json.loads(path.read_text()).values()}
    except (FileNotFoundError, ValueError):
        return {}


def serve(application: str, *, host: str, port: int, grace: int) -> list[str]:
    """The command that serves an ASGI application; open requests get ``grace`` seconds at the end."""
    quiet = ["--log-level", "warning", "--no-access-log"]
    where = ["--host", host, "--port", str(port)]
    return ["-m", "uvicorn", *quiet, *where, "--timeout-graceful-shutdown", str(grace), application]


def answers(host: str, port: int) -> bool:
    """Whether a server answers there, with whatever page."""
    connection = HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Preparation:
    """The process that prepares the database, and then waits until it may print the sign-ins."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.pipe, writing = os.pipe()
        os.set_blocking(self.pipe, False)
        command = [sys.executable, "-m", "config.supervisor.prepare", str(writing), *arguments]
        self.process = subprocess.Popen(
            processes.guarded(command), env=environment, stdin=subprocess.PIPE, pass_fds=[writing]
        )
        os.close(writing)
        self.said = b""

    def is_ready(self) -> bool:
        """Whether the database is ready.

        :raises Failed: when it never will be.
        """
        self._listen()
        return self.said != b""

    def has_told(self) -> bool:
        """Whether the sign-ins are printed, which this allows."""
        if self.process.stdin:
            self.process.stdin.close()
        self._listen()
        return self.said == b"12"

    def _listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            said = os.read(self.pipe, 1)
            if not said and self.said != b"12":
                raise Failed("The clinic could not be prepared; the reason stands above.")
            self.said += said

    def end(self) -> None:
        processes.end_group(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main() -> int:
    os.chdir(surroundings.BASE)
    os.umask(0o077)  # files, letters and logs hold people's data
    try:
        launcher = Launcher(surroundings.own(), surroundings.STATE)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, launcher.ask_to_stop)
        launcher.run()
    except (Failed, surroundings.BadSetting, postgres.CannotStart) as reason:
        say(str(reason))
        return 1
    except PermissionError as reason:
        say(f"{reason.filename} belongs to another user. Start as that user, or give yourself the folder.")
        return 1
    except Stopped:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
