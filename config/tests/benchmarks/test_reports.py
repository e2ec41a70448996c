"""What ``make bench`` promises to those who read its output."""

import subprocess
import sys

from config.benchmarks import __main__ as command
from config.benchmarks import measuring
from config.benchmarks.reports import Report


class TestReport:
    def test_compares_a_figure_with_its_floors_together(self):
        report = Report(figures={"page_ms": 30}, floors={"bare_ms": 2, "sql_ms": 8})

        report.compare("page", "page_ms", "bare_ms", "sql_ms")

        assert report.ratios == {"page": 3}

    def test_is_met_when_no_figure_and_no_ratio_is_over_its_target(self):
        report = Report(figures={"page_ms": 30}, ratios={"page": 3}, targets={"page_ms": 30, "page": 3})

        assert report.met
        report.targets["page"] = 2.9
        assert not report.met

    def test_is_told_in_the_words_of_the_contract(self):
        report = Report({"page_ms": 30.00049}, {"bare_ms": 10.0}, {"page": 3.0}, {"page": 4})

        assert report.as_dict() == {
            "figures": {"page_ms": 30.0},
            "floors": {"bare_ms": 10.0},
            "ratios": {"page": 3.0},
            "targets": {"page": 4},
            "met": True,
        }


class TestCommand:
    def test_names_the_benchmarks_when_asked_for_another(self, capsys):
        status = command.main(["nonsense"])

        said = capsys.readouterr()
        assert (status, said.out) == (2, "")
        assert said.err.startswith("No benchmark is called nonsense. There are: startup")


class TestMeasuring:
    def test_p95_is_the_value_that_one_in_twenty_exceeds(self):
        assert measuring.p95([float(value) for value in range(1, 102)]) == 96

    def test_warming_up_does_not_count(self):
        calls = []

        taken = measuring.times(lambda: calls.append(1), rounds=3, warm_up=2)

        assert (len(calls), len(taken)) == (5, 3)

    def test_memory_is_that_of_the_whole_family(self):
        parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
        child = "kept = bytearray(40_000_000); print('up', flush=True); input()"
        process = subprocess.Popen(
            [sys.executable, "-c", parent, child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()

        family = measuring.memory([process.pid])

        process.communicate("\n")
        assert 40 < family < 100
