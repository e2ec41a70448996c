"""Set-up: what it decides to install, on a machine whose tools note what they were asked."""

import os
import sys
from pathlib import Path

import pytest

from config.supervisor import lock, setup, system
from config.supervisor.system import Impossible, Package

NEEDED = Package("a library", lambda: False, apt="libneeded", brew="needed")
PRESENT = Package("a tool", lambda: True, apt="present")
OPTIONAL = Package("a font", lambda: False, apt="fonts-nice", needed=False)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine on which only the tools exist that a test puts there; each notes how it was called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("env", "sh", "cat"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return Machine(tools)


class Machine:
    def __init__(self, tools: Path) -> None:
        self.tools = tools
        self.notes = tools / "notes"

    def add(self, name: str, script: str = "exit 0") -> None:
        tool = self.tools / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.notes}"\n{script}\n')
        tool.chmod(0o755)

    def calls(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []


class TestProvide:
    def test_asks_for_nothing_when_all_is_there(self, machine):
        missing = system.missing([PRESENT])

        system.provide(missing)

        assert missing == []
        assert machine.calls() == []

    def test_prints_the_exact_command_when_it_may_not_install(self, machine):
        machine.add("apt-get")

        with pytest.raises(Impossible) as stop:
            system.provide([NEEDED, OPTIONAL])

        assert str(stop.value).splitlines()[1].strip() == (
            "sudo apt-get install -y --no-install-recommends fonts-nice libneeded"
        )
        assert machine.calls() == []

    def test_asks_no_password(self, machine):
        machine.add("apt-get")
        machine.add("sudo", "exit 1")

        with pytest.raises(Impossible):
            system.provide([NEEDED])

        assert machine.calls() == ["sudo -n true"]

    def test_installs_through_sudo_without_a_password(self, machine):
        machine.add("apt-get")
        machine.add("sudo", '[ "$2" = true ] || { shift; exec "$@"; }')

        system.provide([NEEDED])

        assert machine.calls()[-1].endswith("install -y -q --no-install-recommends libneeded")

    def test_refreshes_old_package_lists(self, machine, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        stamp = machine.tools / "updated"
        machine.add("apt-get", f'case "$*" in *update*) echo > "{stamp}";; *) cat "{stamp}";; esac')

        system.provide([NEEDED])

        assert [call.split()[3] for call in machine.calls()][-2:] == ["update", "install"]

    def test_goes_on_without_what_is_only_nicer(self, machine, capsys):
        system.provide([OPTIONAL])

        said = capsys.readouterr().err
        assert said.splitlines()[-1].strip() == "sudo apt-get install -y --no-install-recommends fonts-nice"

    def test_names_homebrew_on_a_mac(self, machine, monkeypatch):
        monkeypatch.setattr(sys, "platform", "darwin")

        with pytest.raises(Impossible, match=r"brew install needed$"):
            system.provide([NEEDED])


class TestDetection:
    def test_a_library_is_there_when_it_loads(self):
        assert system.loads("libno-such-thing.so.9", "libc.so.6", "libSystem.dylib")
        assert not system.loads("libno-such-thing.so.9")

    def test_a_browser_is_found_by_any_of_its_names(self, machine):
        before = system.browser()
        machine.add("chromium-browser")

        assert before is None
        assert system.browser() == str(machine.tools / "chromium-browser")

    def test_running_needs_no_browser(self):
        assert [package.apt for package in system.NEEDS["test"]][-1] == "chromium"
        assert "chromium" not in [package.apt for package in system.NEEDS["run"]]


class TestInstallPackages:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch, machine):
        """A clone whose environment exists, with a uv that notes what it was asked."""
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7\n")
        (tmp_path / "uv.lock").write_text("version = 1\n")
        machine.add("uv", '[ "$1" = export ] && echo "django==5.2 --hash=sha256:00"; exit 0')
        (tmp_path / ".venv" / "bin" / "uv").symlink_to(machine.tools / "uv")
        monkeypatch.setattr(setup, "BASE", tmp_path)
        monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
        monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
        monkeypatch.setattr(setup, "STAMP", tmp_path / ".venv" / "installed.stamp")
        return tmp_path

    def test_installs_what_is_locked_and_nothing_else(self, folder, machine):
        setup.install_packages()

        export, sync = machine.calls()
        assert export == "uv export --quiet --frozen --format requirements-txt --all-groups"
        assert sync == f"uv pip sync --quiet --require-hashes --python {sys.executable} -"

    def test_does_nothing_the_second_time(self, folder, machine):
        setup.install_packages()
        first = machine.calls()

        setup.install_packages()

        assert machine.calls() == first

    @pytest.mark.parametrize("changed", ["uv.lock", ".venv/pyvenv.cfg"])
    def test_does_it_again_when_something_changed(self, folder, machine, changed):
        setup.install_packages()
        (folder / changed).write_text("different\n")

        setup.install_packages()

        assert len(machine.calls()) == 4

    def test_tries_again_after_a_failure(self, folder, machine):
        machine.add("uv", '[ "$1" = export ] || { echo "no network" >&2; exit 2; }')

        with pytest.raises(Impossible, match="could not be installed:\nno network"):
            setup.install_packages()

        assert not setup.STAMP.exists()


class TestIndexEnvironment:
    def test_is_the_one_pip_is_set_up_for(self, monkeypatch):
        monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
        monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")

        assert setup.index_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"

    def test_does_not_override_the_one_uv_is_set_up_for(self, monkeypatch):
        monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
        monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")

        assert setup.index_environment()["UV_DEFAULT_INDEX"] == "https://own.example/simple"


class TestPython:
    def test_too_old_a_one_is_told_so_in_a_sentence(self, machine, monkeypatch):
        monkeypatch.setattr(sys, "version_info", (3, 9, 2))

        with pytest.raises(Impossible, match=r"needs Python 3\.11 or newer, and this is Python 3\.9\."):
            setup.find_new_python()

    def test_without_its_venv_part_names_the_package(self, machine, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

        with pytest.raises(Impossible, match=r"apt-get install .* python3\.\d+-venv"):
            setup.provide_venv()


class TestLock:
    def test_names_no_host(self):
        made = (
            'source = { registry = "https://mirror.example/root/simple" }\n'
            'sdist = { url = "https://files.example/r/packages/a/b/c/thing-1.tar.gz", hash = "sha256:0" }\n'
        )

        assert lock.without_hosts(made) == (
            'source = { registry = "https://packages.invalid/simple" }\n'
            'sdist = { url = "https://packages.invalid/packages/a/b/c/thing-1.tar.gz", hash = "sha256:0" }\n'
        )

    def test_is_committed_without_any(self):
        committed = (setup.BASE / "uv.lock").read_text()

        assert lock.without_hosts(committed) == committed
        assert lock.LOCAL.search(committed) is None
