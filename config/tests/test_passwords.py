"""Which passwords are taken."""

import gzip

import pytest
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from clinic.models import User
from config import passwords


def refused(password: str, *, role: str = "patient") -> set[str]:
    try:
        validate_password(password, User(role=role, email="someone@example.com"))
    except ValidationError as no:
        return {error.code for error in no.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop",
        "Password123!",
        "P@ssw0rd2024",
        "sunshine1234567",
        "Sunshine-Sunshine",
        "123sunshine456",
        "basketballbasketball",
        "FOOTBALL!!!!!!!",
    ],
)
def test_known_ones_and_what_is_made_of_them_are_refused(password):
    assert "password_known" in refused(password)


@pytest.mark.parametrize("password", ["correct horse battery staple", "long-enough-to-keep", "tR9#vLq2!xWz8"])
def test_others_are_taken(password):
    assert refused(password) == set()


def test_all_of_djangos_list_are_known():
    assert [text for text in CommonPasswordValidator().passwords if not passwords.is_known(text)] == []


def test_strangers_are_hardly_ever_taken_for_known():
    strangers = [passwords.sum_of(str(number)) for number in range(10_000_000, 10_020_000)]

    assert sum(stranger in passwords.known() for stranger in strangers) <= 5


def test_the_list_is_small_enough_to_be_part_of_the_code():
    assert passwords.FILE.stat().st_size <= passwords.LARGEST


@pytest.mark.parametrize("role", ["manager", "doctor", "reception", "auditor"])
def test_staff_need_fourteen_characters(role):
    assert refused("vexed-mango-1", role=role) == {"password_too_short"}
    assert refused("vexed-mango-12", role=role) == set()


def test_patients_need_ten():
    assert refused("vexedmang") == {"password_too_short"}
    assert refused("vexedmango") == set()


class TestBuilding:
    def build(self, tmp_path, *lines, name="seen.txt", **options):
        source = tmp_path / name
        text = "\n".join(lines).encode()
        source.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        target = tmp_path / "made.bloom"
        call_command("build_known_passwords", source, to=target, verbosity=0, **options)
        return passwords.Bloom.read(target.read_bytes())

    def line(self, text: str, count: int) -> str:
        return f"{passwords.sum_of(text).hex().upper()}:{count}"

    @pytest.mark.parametrize("name", ["seen.txt", "seen.txt.gz"])
    def test_takes_the_most_frequent_of_a_downloaded_list(self, tmp_path, name, capsys):
        lines = [self.line("rare-one", 2), self.line("seen-a-lot", 900), self.line("seen-often", 30)]

        made = self.build(tmp_path, *lines, name=name, most=2)

        seen = [
            passwords.sum_of(text) in made for text in ("seen-a-lot", "seen-often", "rare-one", "password")
        ]
        assert seen == [True, True, False, True]

    @pytest.mark.parametrize("line", ["no sum at all", "abcd:1", "zz:zz"])
    def test_refuses_another_file(self, tmp_path, line):
        with pytest.raises(CommandError, match="SHA"):
            self.build(tmp_path, line)

    def test_never_grows_beyond_its_room(self):
        made = passwords.Bloom.of([], count=50_000_000)

        assert len(made.write()) <= passwords.LARGEST

    def test_what_is_no_list_is_not_read_as_one(self):
        with pytest.raises(ValueError, match="no list"):
            passwords.Bloom.read(b"something else entirely")
