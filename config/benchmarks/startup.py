"""How long the whole set takes to start again, how much memory when idle, how fast its dashboard is."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import django
from django.conf import settings

from config.benchmarks import dashboard, scratch
from config.benchmarks.measuring import fetcher, memory, p95, times
from config.benchmarks.reports import CannotMeasure, Report
from config.supervisor import postgres, surroundings

STARTS = 3
SETTLING = 5  # seconds until the set is idle
ROUNDS, WARM_UP = 200, 20
READY = "Ctrl-C stops it"
TARGETS = {
    "start_s": 6,  # the second start, data kept
    "idle_memory_mb": 400,
    "dashboard_p95_ms": 300,  # the promise for every page of the staff site
    "dashboard": 10,
}


def run() -> Report:
    surroundings.own()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    report = Report(targets=dict(TARGETS))
    port = free_ports()
    started(port).stop()  # whatever a first start has to make is made now
    starts = []
    for _ in range(STARTS):
        clinic = started(port)
        starts.append(clinic.seconds)
        if len(starts) < STARTS:
            clinic.stop()
    with closing(clinic):
        report.figures["start_s"] = statistics.median(starts)
        measure_memory(report)
        with scratch.served("config.benchmarks.bare:application") as (bare_port, bare_pid):
            report.floors["bare_process_mb"] = memory([bare_pid])
            measure_dashboard(report, port=port, bare_port=bare_port)
    measure_floor_of_start(report)
    report.compare("start", "start_s", "database_start_s", "django_start_s")
    return report


class Clinic:
    """A running set, and how long it took to start."""

    def __init__(self, port: int) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
        for name in ("BASE_URL", "STRIPE_API_BASE", "WEBHOOK_URL", "SIMULATOR_PORT"):
            kept.pop(name, None)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=surroundings.BASE,
            env=kept | {"PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said = []
        for line in self.process.stderr or ():
            said.append(line)
            if READY in line:
                break
        else:
            raise CannotMeasure("The clinic did not start:\n" + "".join(said[-5:]))
        self.seconds = time.perf_counter() - began

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate()

    stop = close


def started(port: int) -> Clinic:
    print("Starting the clinic …", file=sys.stderr)
    return Clinic(port)


def measure_memory(report: Report) -> None:
    time.sleep(SETTLING)
    state = surroundings.STATE
    launcher = int((state / "run.lock").read_text().rsplit(maxsplit=1)[1])
    for name, (pid, _) in json.loads((state / "run.json").read_text()).items():
        report.figures[f"{name.split()[-1]}_mb"] = memory([pid])
    pid_file = postgres.default_data(surroundings.BASE) / "postmaster.pid"
    if pid_file.exists():
        report.figures["database_mb"] = memory([int(pid_file.read_text().split()[0])])
    report.figures["idle_memory_mb"] = memory([launcher])


def measure_dashboard(report: Report, *, port: int, bare_port: int) -> None:
    django.setup()
    with dashboard.signed_in_manager() as cookie:
        page = times(fetcher(port, "/admin/", Cookie=cookie), rounds=ROUNDS, warm_up=WARM_UP)
        statements = dashboard.statements(cookie)
        report.figures["dashboard_statements"] = len(statements)
        replay = times(lambda: dashboard.carry_out(statements), rounds=ROUNDS, warm_up=WARM_UP)
    report.figures["dashboard_p95_ms"] = p95(page)
    report.figures["dashboard_median_ms"] = statistics.median(page)
    report.floors["bare_page_p95_ms"] = p95(times(fetcher(bare_port, "/"), rounds=ROUNDS, warm_up=WARM_UP))
    report.floors["dashboard_sql_p95_ms"] = p95(replay)
    report.compare("dashboard", "dashboard_p95_ms", "bare_page_p95_ms", "dashboard_sql_p95_ms")


def measure_floor_of_start(report: Report) -> None:
    """What no start can leave out: the database's own start, and loading Django and the apps once."""
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.Server(Path(folder) / "data")
        server.start()
        server.stop()
        began = time.perf_counter()
        server.start()
        report.floors["database_start_s"] = time.perf_counter() - began
        server.stop()
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "import config.asgi"],
        cwd=settings.BASE_DIR,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    report.floors["django_start_s"] = time.perf_counter() - began


def free_ports() -> int:
    """A port that is free, and so is the one after it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if not surroundings.why_not("127.0.0.1", port) and not surroundings.why_not("127.0.0.1", port + 1):
            return port
