"""A guarded process does not outlive the one who started it."""

import os
import signal
import subprocess
import sys

import pytest

from config.supervisor import processes

START = """
import subprocess, sys, time
from config.supervisor import processes
command = processes.guarded(["/bin/sh", "-c", sys.argv[1]])
position = command.index("--")
command[position:position] = sys.argv[2:]
child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end="", flush=True)
time.sleep(60)
"""
ONE = "echo $$; exec sleep 60"
FAMILY = "sleep 60 & echo $!; wait"


@pytest.fixture
def start_guarded():
    """Start a process that starts a guarded one; the pid of the innermost comes with it."""
    started = []

    def start(script: str, *options: str) -> tuple[subprocess.Popen, int]:
        parent = subprocess.Popen(
            [sys.executable, "-c", START, script, *options], stdout=subprocess.PIPE, text=True
        )
        started.append(parent)
        return parent, int(parent.stdout.readline())

    yield start
    for parent in started:
        parent.kill()
        parent.communicate()


class TestGuard:
    @pytest.mark.parametrize(("script", "options"), [(ONE, []), (ONE, ["--watch"]), (FAMILY, ["--watch"])])
    def test_ends_the_command_when_its_parent_is_killed(self, start_guarded, eventually, script, options):
        parent, pid = start_guarded(script, *options)
        before = processes.exists(pid)

        parent.send_signal(signal.SIGKILL)

        assert before
        assert eventually(lambda: is_gone(pid))

    def test_leads_a_session_of_its_own(self, start_guarded):
        parent, pid = start_guarded(ONE)

        assert os.getsid(pid) == pid
        assert os.getsid(parent.pid) == os.getsid(0)

    def test_passes_on_the_exit_status(self):
        done = subprocess.run(processes.guarded(["/bin/sh", "-c", "exit 7"]))

        assert done.returncode == 7

    def test_gives_the_command_signals_that_its_parent_ignored(self):
        ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            done = subprocess.run(processes.guarded(["/bin/sh", "-c", "kill -INT $$; exit 0"]))
        finally:
            signal.signal(signal.SIGINT, ignored)

        assert done.returncode == -signal.SIGINT

    def test_does_not_start_for_a_parent_that_is_gone(self):
        command = processes.guarded(["/bin/echo", "started"])
        command[command.index("--parent") + 1] = "1"

        done = subprocess.run(command, capture_output=True, text=True)

        assert (done.returncode, done.stdout) == (1, "")


class TestSurvivors:
    @pytest.fixture
    def left(self, tmp_path):
        """A process that a killed launcher of the folder left, which leads a group of its own."""
        name, _, value = processes.mark(tmp_path).partition("=")
        process = subprocess.Popen(["sleep", "60"], env={name: value}, start_new_session=True)
        yield process
        process.kill()
        process.wait()

    def test_finds_what_was_started_from_the_folder(self, left, tmp_path, eventually):
        assert eventually(lambda: processes.survivors(tmp_path, {}) == {left.pid})

    def test_leaves_other_folders_alone(self, left, tmp_path):
        assert processes.survivors(tmp_path / "other", {left.pid: "some time ago"}) == set()

    def test_tells_a_process_from_a_later_one_with_its_number(self, left):
        assert processes.born(left.pid) == processes.born(left.pid) != ""
        assert processes.born(left.pid) != "Thu Jan 1 00:00:00 1970"


def is_gone(pid: int) -> bool:
    """Whether it runs no more; nobody may have fetched its exit status yet."""
    state = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return not state.strip() or state.startswith("Z")
