"""A list of 10,000 lines, from the file into the catalogue, beside plain ways of filling a table."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from config.benchmarks import scratch
from config.benchmarks.reports import CannotMeasure, Report
from config.supervisor import surroundings

SUPPLIER = "tasmanian_botanics"
LINES = 10_000
LONG = 100_000  # lines of the list that shows whether memory grows with the length
SAMPLE = 500  # lines of import-export: it is even over its lines, and 10,000 take it minutes
TARGETS = {
    "one_insert_per_row": 0.667,  # at least 1.5 times as fast
    "import_export": 0.1,  # at least 10 times as fast
    "peak_mb": 300,
    "long_peak_mb": 400,  # most of what is more is the workbook, unpacked as a whole
}


def run() -> Report:
    """Floors write products alone; our own way reads and checks the file, compares, and keeps history too."""
    report = Report(targets=dict(TARGETS))
    with scratch.database(durable=True) as folder:
        say(f"Making lists of {LINES:,} lines …")
        lists = {name: folder / f"{name}.xlsx" for name in ("first", "dearer")}
        make(lists["first"])
        make(lists["dearer"], rise=5)
        say("Measuring the floors …")
        measure_floors(report, lists["first"].read_bytes())
        say("Importing …")
        first, dearer = bring_in(lists["first"], new=LINES), bring_in(lists["dearer"], prices=2 * LINES)
        say(f"Importing a list of {LONG:,} lines …")
        make(folder / "long.xlsx", lines=LONG)
        long = bring_in(folder / "long.xlsx", new=LONG - LINES)
    for step in ("read", "review", "apply"):
        report.figures[f"{step}_s"] = first[f"{step}_s"]
    report.figures |= {
        "import_s": first["seconds"],
        "lines_per_s": LINES / first["seconds"],
        "peak_mb": first["peak_mb"],
        "changed_lines_per_s": LINES / dearer["seconds"],
        "changed_peak_mb": dearer["peak_mb"],
        "long_lines_per_s": LONG / long["seconds"],
        "long_peak_mb": long["peak_mb"],
    }
    report.compare("one_insert_per_row", "import_s", "one_insert_per_row_s")
    report.compare("executemany", "import_s", "executemany_s")
    report.compare("import_export", "import_s", "import_export_s")
    return report


def say(line: str) -> None:
    print(line, file=sys.stderr)


def make(path: Path, *, lines: int = LINES, rise: int = 0) -> None:
    """Write a list of invented flowers in a process of its own, so that its memory is nobody else's."""
    command = [sys.executable, "-m", "config.benchmarks.price_lists", path, lines, rise]
    subprocess.run(list(map(str, command)), cwd=surroundings.BASE, check=True)


def bring_in(path: Path, **expected: int) -> dict[str, float]:
    """Import a list in a process of its own: what it took, in seconds and megabytes.

    :raises CannotMeasure: it did something else than was ``expected``
    """
    command = [sys.executable, "-m", "config.benchmarks.bringing_in", SUPPLIER, str(path)]
    done = subprocess.run(command, cwd=surroundings.BASE, check=True, stdout=subprocess.PIPE)
    told: dict[str, float] = json.loads(done.stdout)
    for name, number in expected.items():
        if told[name] != number:
            raise CannotMeasure(f"{told[name]} of {number} lines of {path.name} were {name}.")
    return told


def measure_floors(report: Report, data: bytes) -> None:
    """The same products written with nothing read, checked, compared or kept of how it came about."""
    rows = products(data)
    columns = list(rows[0])
    statement = (
        f"INSERT INTO catalog_product ({', '.join(columns)}) "  # noqa: S608  our own names
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )
    with connection.cursor() as cursor:

        def insert_each() -> None:
            for values in as_sent(rows, barcode="7"):
                cursor.execute(statement, values)

        def insert_many() -> None:
            with transaction.atomic():
                cursor.executemany(statement, list(as_sent(rows, barcode="8")))

        report.floors["one_insert_per_row_s"] = seconds(insert_each)
        report.floors["executemany_s"] = seconds(insert_many)
    taken = seconds(lambda: import_by_default(rows[:SAMPLE]))
    report.floors["import_export_s"] = taken * LINES / SAMPLE


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def products(data: bytes) -> list[dict[str, Any]]:
    """The products of a list, column by column."""
    from django.utils import timezone  # noqa: PLC0415  Django is up only now

    from catalog import comparing, importing  # noqa: PLC0415
    from catalog.models import Supplier  # noqa: PLC0415

    floor = Supplier.objects.add(by=None, key="floor", name="Floor")
    said = {"supplier_id": floor.pk, "created_at": timezone.now()}
    lines = importing.examine(SUPPLIER, data=data).comparison.lines
    return [comparing.UNSAID | line.facts | said for line in lines]


def as_sent(rows: list[dict[str, Any]], *, barcode: str) -> Iterator[Sequence[Any]]:
    """The values of an INSERT; barcodes begin with a figure of their own, since each is there once."""
    from psycopg.types.json import Jsonb  # noqa: PLC0415

    from config.base import uuid7  # noqa: PLC0415

    for row in rows:
        own = {"id": uuid7(), "gtin13": barcode + row["gtin13"][1:]}
        yield [Jsonb(value) if isinstance(value, dict) else value for value in (row | own).values()]


def import_by_default(rows: list[dict[str, Any]]) -> None:
    """django-import-export as it comes: a resource of all columns, a dry run to look at, and the import.

    :raises CannotMeasure: it took something else than all of them
    """
    from import_export.resources import modelresource_factory  # noqa: PLC0415
    from tablib import Dataset  # noqa: PLC0415

    from catalog.models import Product  # noqa: PLC0415
    from config.base import uuid7  # noqa: PLC0415

    names = {field.attname: field.name for field in Product._meta.concrete_fields if not field.generated}
    dataset = Dataset(headers=list(names.values()))
    for row in rows:
        told = row | {"id": uuid7(), "gtin13": "9" + row["gtin13"][1:]}
        dataset.append([as_typed(told[column]) for column in names])
    way_in = modelresource_factory(Product)(fields=list(names.values()))
    way_in.import_data(dataset, dry_run=True)
    result = way_in.import_data(dataset)
    if result.totals["new"] != len(rows):
        problems = [error.error for _, errors in result.row_errors() for error in errors]
        problems += [row.error for row in result.invalid_rows]
        raise CannotMeasure(f"import-export took {result.totals['new']} of {len(rows)} lines: {problems[:1]}")


def as_typed(value: Any) -> str:
    """A value as it stands in a plain table."""
    match value:
        case None:
            return ""
        case dict():
            return json.dumps(value)
        case list():
            return ",".join(map(str, value))
        case bool():
            return str(int(value))
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)
