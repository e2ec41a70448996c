"""``make manage CMD="…"``: run one ``manage.py`` command with the database there for as long as it takes.

The command has standard output to itself; its exit status is ours.
"""

import os
import shlex
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext

from config.supervisor import postgres, surroundings
from config.supervisor.programs import say


def main(words: list[str]) -> int:
    os.chdir(surroundings.BASE)
    os.umask(0o077)  # files, letters and exports hold people's data
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the command's; we wait for it
    try:
        words = words or shlex.split(os.environ.get("CMD", ""))
        if not words:
            say('Name the command: make manage CMD="import_supplier botanitech sheet.xlsx"')
            return 2
        surroundings.own()
        with database():
            return run(words)
    except (ValueError, surroundings.BadSetting, postgres.CannotStart) as reason:
        say(str(reason))
        return 1


def database() -> AbstractContextManager[None]:
    if os.environ.get("DATABASE_URL"):
        return nullcontext()
    return postgres.running(postgres.default_data(surroundings.BASE))


def run(words: list[str]) -> int:
    """Run the command in our own session, so that it may ask questions and be interrupted."""
    command = [sys.executable, "manage.py", *words]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen(command, env=environment) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
