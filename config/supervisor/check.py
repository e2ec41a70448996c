"""``make test``: every check in turn, all of them although one fails, with the time that each took.

Run as ``python -m config.supervisor.check [part of a check's name … | tests]``.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

from config.supervisor import surroundings
from config.supervisor.programs import say

# What a production start would be given; none of it opens anything.
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DEBUG": "false",
    "SECRET_KEY": "only-for-this-check-" + "k7Qw2ZpX9vRb4LtN" * 3,
    "ALLOWED_HOSTS": "clinic.example.com",
    "BASE_URL": "https://clinic.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://clinic.example.com",
    "STRIPE_SECRET_KEY": "sk_live_only_for_this_check",
    "STRIPE_WEBHOOK_SECRET": "whsec_only_for_this_check",
    "AUDIT_KEY": "0123456789abcdef" * 4,
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "FROM_EMAIL": "The Clinic <hello@clinic.example.com>",
}
# Read from .env on this computer, they would make the production check another one.
DEMO_ONLY = ("STRIPE_API_BASE", "SIMULATOR_STATE", "WEBHOOK_URL")


@dataclass(frozen=True)
class Check:
    """One thing that must be so; its words go to Python."""

    name: str
    words: list[str]
    environment: dict[str, str] = field(default_factory=dict)


CHECKS = [
    Check("format", ["-m", "ruff", "format", "--check", "--quiet", "."]),
    Check("lint", ["-m", "ruff", "check", "--quiet", "."]),
    Check(
        "import contracts", ["-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"]
    ),
    Check("types", ["-m", "mypy", "."]),
    # Without a database it warns that it cannot compare with one; the files are what counts.
    Check("migrations in step", ["-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"]),
    Check("deployment", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    Check("state diagrams", ["manage.py", "state_diagrams", "--check"]),
]
TESTS = Check("tests", ["-m", "pytest", "-n", "2", "--dist", "worksteal", "--cov", "--cov-report=term"])


def main(wanted: list[str]) -> int:
    os.chdir(surroundings.BASE)
    checks = [check for check in CHECKS if not wanted or any(part in check.name for part in wanted)]
    failed = [check.name for check in checks if not carry_out(check)]
    say(f"{len(checks) - len(failed)} of {len(checks)} checks before the tests passed.")
    # No line of our own after a good run: the last word is the closing line of pytest.
    if (not wanted or TESTS.name in wanted) and run(TESTS) != 0:
        failed.append(TESTS.name)
    if failed:
        say(f"FAILED: {', '.join(failed)}.")
    return 1 if failed else 0


def carry_out(check: Check) -> bool:
    started = time.monotonic()
    passed = run(check) == 0
    say(f"{'passed' if passed else 'FAILED'}  {check.name:<20} {time.monotonic() - started:6.1f} s")
    return passed


def run(check: Check) -> int:
    kept = {
        name: value for name, value in os.environ.items() if not check.environment or name not in DEMO_ONLY
    }
    return subprocess.run(
        [sys.executable, *check.words], env=kept | check.environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
