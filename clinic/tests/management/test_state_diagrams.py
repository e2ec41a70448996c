import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def folder(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    return tmp_path


def test_draws_every_move(folder):
    call_command("state_diagrams")

    page = (folder / "docs/states.md").read_text()
    assert page.count("## clinic.Appointment\n") == 1
    assert "    [*] --> held\n    held --> cancelled\n    held --> confirmed\n    held --> expired\n" in page


def test_an_up_to_date_page_passes(folder):
    call_command("state_diagrams")

    call_command("state_diagrams", check=True)


def test_an_old_page_is_refused(folder):
    call_command("state_diagrams")
    page = folder / "docs/states.md"
    page.write_text(page.read_text().replace("held --> expired", "held --> gone"))

    with pytest.raises(CommandError, match="out of date"):
        call_command("state_diagrams", check=True)


def test_a_missing_page_is_refused(folder):
    with pytest.raises(CommandError, match="out of date"):
        call_command("state_diagrams", check=True)
