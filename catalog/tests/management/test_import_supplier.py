import io
import json
from xml.etree.ElementTree import canonicalize
from zipfile import ZipFile

import pytest
from django.core.management import call_command, execute_from_command_line

from catalog.models import Import, Product
from catalog.sheets import LAYOUTS

pytestmark = pytest.mark.django_db
CONTRACT = (
    *("gtin13", "supplier", "brand", "product_name", "dose_form", "size", "thc", "cbd"),
    *("schedule_stated", "schedule", "tga_category_stated", "tga_category", "wholesale", "retail"),
    *("status", "availability", "product_code", "source", "review"),
)


@pytest.fixture
def run(capsys):
    """Run the command as from a terminal: exit status, standard output, standard error."""

    def run(command, *arguments):
        capsys.readouterr()
        try:
            call_command(command, *map(str, arguments))
            status = 0
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


class TestImportSupplier:
    def test_prints_the_contract_and_writes_nothing_on_a_dry_run(self, run, sample_path):
        status, out, _ = run("import_supplier", "alma", sample_path("alma"), "--dry-run", "--format", "json")

        told = json.loads(out)
        assert (status, told["read"], told["new"], Product.objects.count(), Import.objects.count()) == (
            0,
            5,
            5,
            0,
            0,
        )
        keys = ["supplier", "file_sha256", "read", "new", "changed", "unchanged", "gone", "review", "errors"]
        assert [*told][:10] == [*keys, "products"]

    def test_tells_each_product_as_the_contract_names_it(self, run, sample_path):
        arguments = ("import_supplier", "tasmanian_botanics", sample_path("tasmanian_botanics"))
        _, out, _ = run(*arguments, "--dry-run", "--format", "json")

        product = json.loads(out)["products"][1]
        assert {name: product[name] for name in CONTRACT} == {
            "gtin13": "2000000005027",
            "supplier": "Tasmanian Botanics",
            "brand": "Tasmanian Botanics",
            "product_name": "THC 24 Myrtle 10g",
            "dose_form": "Herb, Dried",
            "size": {"value": "10", "unit": "g"},
            "thc": {"op": "=", "value": "24", "unit": "%"},
            "cbd": {"op": "<", "value": "0.1", "unit": "%"},
            "schedule_stated": "S8",
            "schedule": "S8",
            "tga_category_stated": 5,
            "tga_category": 5,
            "wholesale": "78.00",
            "retail": "98.00",
            "status": "active",
            "availability": "Now",
            "product_code": "DF-002",
            "source": {"sheet": "Tasmanian Botanics Product List", "cell": "D3"},
            "review": [],
        }

    def test_another_supplier_is_wrong_use(self, sample_path, capsys):
        asked = ["manage.py", "import_supplier", "acme", str(sample_path("alma"))]
        with pytest.raises(SystemExit) as stop:
            execute_from_command_line(asked)

        assert stop.value.code == 2
        assert "invalid choice: 'acme'" in capsys.readouterr().err

    def test_applies_when_told_so(self, run, sample_path):
        status, out, _ = run("import_supplier", "alma", sample_path("alma"), "--apply", "--yes")

        assert (status, Product.objects.count()) == (0, 5)
        assert out.splitlines()[0] == (
            "5 lines read: 5 new, 0 changed, 0 unchanged, 0 not taken, 0 gone from the list, 1 to review."
        )
        assert out.splitlines()[-1] == "Applied."

    def test_says_how_many_strengths_it_left_as_they_were(self, run, sample_path, tmp_path, damaged):
        def slip(book):
            book["Sheet1"]["B2"] = "THC 2.6%"

        run("import_supplier", "alma", sample_path("alma"), "--apply", "--yes")
        path = tmp_path / "alma.xlsx"
        path.write_bytes(damaged("alma", slip))

        status, out, _ = run("import_supplier", "alma", path, "--apply", "--yes")

        assert out.splitlines()[-1] == (
            "Applied. One line is left out because somebody has to look at the strength: "
            "send the file in the staff site under Imports to decide."
        )
        assert (status, Product.objects.get(name__contains="Gannet").thc_value) == (0, 26)

    def test_prints_the_same_the_dry_and_the_real_way(self, run, sample_path):
        arguments = ("import_supplier", "phytoca", sample_path("phytoca"), "--format", "json")

        _, dry, _ = run(*arguments, "--dry-run")
        _, real, _ = run(*arguments, "--apply", "--yes")

        assert dry == real

    def test_a_dry_run_warns_of_a_list_older_than_the_last_one(self, run, sample_path):
        run("import_supplier", "alma", sample_path("alma"), "--apply", "--yes")
        Import.objects.update(saved_at="2999-01-01 00:00Z", file_sha256="0" * 64)
        arguments = ("import_supplier", "alma", sample_path("alma"), "--dry-run")

        _, text, _ = run(*arguments)
        _, out, _ = run(*arguments, "--format", "json")

        assert "  review: The list seems to be older than the last one that was applied. It was" in text
        assert [note["code"] for note in json.loads(out)["notes"]][-1] == "older_list"

    def test_says_that_the_file_came_before(self, run, sample_path):
        arguments = ("import_supplier", "alma", sample_path("alma"), "--apply", "--yes")
        run(*arguments)

        status, out, _ = run(*arguments)

        assert status == 0
        assert out.splitlines()[-1].startswith("This file was applied before, on ")
        assert out.splitlines()[-1].endswith("; nothing has changed.")

    def test_waits_for_somebody_without_apply(self, run, sample_path):
        status, out, _ = run("import_supplier", "alma", sample_path("alma"))

        assert (status, Product.objects.count(), Import.objects.get().status) == (0, 0, "checked")
        assert out.splitlines()[-1] == "The import waits in the staff site under Imports."

    def test_refuses_a_wrong_file_with_one_sentence(self, run, sample_path):
        status, out, err = run("import_supplier", "alma", sample_path("phytoca"), "--apply", "--yes")

        assert (status, out, Product.objects.count()) == (1, "", 0)
        assert err == (
            "This does not look like the Alma list: expected “Sheet3”, found the sheets “Sheet1”.\n"
        )

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--dry-run", "--apply"], "Choose either --dry-run or --apply.\n"),
            (["--yes"], "--yes belongs to --apply.\n"),
            (["--apply"], "Nobody is there to ask; add --yes to apply without a question.\n"),
        ],
    )
    def test_wrong_use_has_its_own_status(self, arguments, sentence, run, sample_path):
        status, _, err = run("import_supplier", "alma", sample_path("alma"), *arguments)

        assert (status, err, Product.objects.count()) == (2, sentence, 0)

    def test_a_missing_file_is_wrong_use(self, run, tmp_path):
        status, _, err = run("import_supplier", "alma", tmp_path / "gone.xlsx")

        assert (status, err) == (2, f"{tmp_path}/gone.xlsx cannot be read: No such file or directory.\n")

    @pytest.mark.parametrize(("answer", "count", "status"), [("y\n", 5, 0), ("\n", 0, 1)])
    def test_asks_on_a_terminal(self, answer, count, status, run, sample_path, monkeypatch):
        terminal = io.StringIO(answer)
        terminal.isatty = lambda: True
        monkeypatch.setattr("sys.stdin", terminal)

        found, _, err = run("import_supplier", "alma", sample_path("alma"), "--apply")

        assert (found, Product.objects.count()) == (status, count)
        assert err.startswith("5 lines read: 5 new")

    def test_says_how_much_it_leaves_out(self, run, sample, tmp_path, damaged):
        def spoil(book):
            sheet = book["Sheet1"]
            for number in range(50):
                sheet.append([f"Wren Odd{number}"])

        path = tmp_path / "alma.xlsx"
        path.write_bytes(damaged("alma", spoil))

        _, out, _ = run("import_supplier", "alma", path, "--dry-run")

        assert "  and 212 more; --format json shows all." in out.splitlines()
        assert out.splitlines()[-1] == "Nothing was written."


@pytest.mark.parametrize("key", LAYOUTS)
def test_each_supplier_has_a_command_of_its_own(key, run, sample_path):
    status, out, _ = run(f"import_{key}", sample_path(key), "--dry-run", "--format", "json")

    assert (status, json.loads(out)["supplier"]) == (0, key)


def test_the_sample_sheets_are_what_the_maker_makes(tmp_path, sample_path):
    call_command("make_sample_sheets", into=tmp_path, verbosity=0)

    for key in LAYOUTS:
        assert parts(tmp_path / f"{key}.xlsx") == parts(sample_path(key))


def parts(workbook):
    """What a workbook holds, however its XML is spelt."""
    with ZipFile(workbook) as archive:
        return {name: canonicalize(archive.read(name)) for name in archive.namelist()}


def test_loading_medicines_tells_what_it_did(run, tmp_path):
    path = tmp_path / "list.json"
    path.write_text(
        json.dumps(
            {
                "medicines": [
                    {"name": "A", "strength": "1 mg", "dose_form": "tablet"}
                    | {"size_value": 1, "size_unit": "tablet", "schedule": "S4"}
                ]
            }
        )
    )

    assert run("load_medicines", path) == (0, "1 medicine read: 1 new, 0 changed.\n", "")


def test_loading_medicines_refuses_with_one_sentence(run, tmp_path):
    assert run("load_medicines", tmp_path / "gone.json") == (1, "", "gone.json is not a list of medicines.\n")
