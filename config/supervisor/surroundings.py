"""Where this clinic runs: its folder, its ports, and the environment that its processes get."""

import errno
import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

import environ

from config import secret_files

BASE = Path(__file__).resolve().parents[2]
STATE = BASE / ".devdb"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - what a person may ask for, not what we choose
REHEARSALS = {"demo", "test"}  # no patient is real, and no money
HIGHEST_PORT = 65535
STEP = 10  # between one suggestion for a free port and the next


class BadSetting(Exception):
    """A setting makes no sense here, and ``str()`` of this says which and what to do."""


@dataclass(frozen=True)
class Addresses:
    """Where the site and the payment simulator answer."""

    host: str
    port: int
    simulator_port: int

    @property
    def reached_at(self) -> str:
        """The name under which a browser reaches them."""
        return own_address() if self.host in EVERYWHERE else self.host

    @property
    def local(self) -> str:
        """The name under which our own processes reach them."""
        return "127.0.0.1" if self.host in EVERYWHERE else self.host

    @property
    def site(self) -> str:
        return f"http://{self.reached_at}:{self.port}"

    @property
    def simulator(self) -> str:
        return f"http://{self.reached_at}:{self.simulator_port}"


def own() -> Addresses:
    """Complete our own environment from ``.env``, and then with the defaults.

    :raises BadSetting: when a port is not one.
    """
    environ.Env.read_env(BASE / ".env")
    secret_files.take(os.environ)
    return complete(os.environ)


def complete(environment: MutableMapping[str, str]) -> Addresses:
    """Complete ``environment`` with the defaults of a demo; what is set already stays.

    :raises BadSetting: when a port is not one.
    """
    port = port_of(environment, "PORT", 8000)
    addresses = Addresses(
        host=environment.get("HOST") or "127.0.0.1",
        port=port,
        simulator_port=port_of(environment, "SIMULATOR_PORT", port + 1),
    )
    environment.setdefault("ENVIRONMENT", "demo")
    environment.setdefault("BASE_URL", addresses.site)
    if environment["ENVIRONMENT"] in REHEARSALS:
        environment.setdefault("STRIPE_API_BASE", addresses.simulator)
        environment.setdefault("SIMULATOR_STATE", str(STATE / "simulator.sqlite3"))
        environment.setdefault("WEBHOOK_URL", f"http://{addresses.local}:{addresses.port}/webhook/stripe/")
        if addresses.host in EVERYWHERE:
            names = ["127.0.0.1", "localhost", addresses.reached_at, socket.gethostname()]
            environment.setdefault("ALLOWED_HOSTS", ",".join(names))
    return addresses


def port_of(environment: MutableMapping[str, str], name: str, default: int) -> int:
    given = environment.get(name) or str(default)
    if not given.isdecimal() or not 0 < int(given) <= HIGHEST_PORT:
        raise BadSetting(f"{name}={given} is not a port. Choose a number from 1024 to {HIGHEST_PORT}.")
    return int(given)


def refuse_taken_ports(addresses: Addresses) -> None:
    """Make sure that nobody else listens where we are going to.

    :raises BadSetting: when somebody does.
    """
    for port in (addresses.port, addresses.simulator_port):
        problem = why_not(addresses.host, port)
        if problem:
            free = suggestion(addresses)
            raise BadSetting(f"Port {port} {problem}. Choose another one, for example: PORT={free} make run")


def why_not(host: str, port: int) -> str:
    """Say in a few words why we cannot listen there; nothing when we can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((host, port))
            probe.listen()
        except PermissionError:
            return "may only be used by root"
        except OSError as error:
            return (
                "is taken by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used on {host}"
            )
    return ""


def suggestion(addresses: Addresses) -> int:
    ports = range(8010, HIGHEST_PORT, STEP)
    return next(
        port for port in ports if not why_not(addresses.host, port) and not why_not(addresses.host, port + 1)
    )


def own_address() -> str:
    """This machine's address in its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
