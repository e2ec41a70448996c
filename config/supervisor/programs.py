"""One long-running process of the clinic: started, watched, started again, stopped."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.supervisor import processes

LONGEST_PAUSE = 30  # seconds before another try
GOOD_LIFE = 60  # seconds after which an end is not blamed on the start
LAST_LINES = 8


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass
class Program:
    """A process that should always be there."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    patience: float  # seconds it may take to end by itself
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    retry_at: float | None = None
    pause: float = field(default=1)

    def start(self) -> None:
        self.started_at, self.retry_at = time.monotonic(), None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                processes.guarded([sys.executable, *self.command]),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Go on with a process that was started otherwise; the next one is started by our command."""
        self.process, self.started_at = process, time.monotonic()

    def watch(self, now: float) -> bool:
        """Start it again when it ended, after a pause that grows; say whether anything was started."""
        if self.process and self.process.poll() is not None:
            self._plan_restart(now)
        if self.retry_at is None or now < self.retry_at:
            return False
        self.start()
        return True

    def restart(self, why: str) -> None:
        say(f"{why} Starting the {self.name} again.")
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it and all that it started: asked first, forced when it takes too long."""
        process, self.process, self.retry_at = self.process, None, None
        if not process:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(self.patience)
            except subprocess.TimeoutExpired:
                say(f"The {self.name} did not stop in {self.patience:.0f} seconds and is ended by force.")
        processes.end_group(process.pid, signal.SIGKILL)
        process.wait()

    def last_words(self) -> str:
        with self.log.open(errors="replace") as lines:
            return "".join(f"    {line.rstrip()}\n" for line in deque(lines, LAST_LINES)).rstrip("\n")

    def _plan_restart(self, now: float) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        processes.end_group(process.pid, signal.SIGKILL)  # what it had started is no use without it
        if now - self.started_at > GOOD_LIFE:
            self.pause = 1
        self.retry_at, self.pause = now + self.pause, min(self.pause * 2, LONGEST_PAUSE)
        again = f"Starting it again in {self.retry_at - now:.0f} s."
        say(f"The {self.name} {how_it_ended(process.returncode)}. {again}\n{self.last_words()}")


def how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended by itself (status {returncode})"


def fresh_log(folder: Path, name: str) -> Path:
    """Where a process writes; what the last run wrote stays beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    if log.exists():
        os.replace(log, folder / f"{name}.previous.log")  # noqa: PTH105
    log.touch(mode=0o600)
    return log
