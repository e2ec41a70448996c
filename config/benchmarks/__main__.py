"""``make bench [BENCH=name]``: one JSON object per benchmark on standard output, and nothing else there."""

import json
import sys
from importlib import import_module

from config.benchmarks import BENCHMARKS
from config.benchmarks.reports import CannotMeasure


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"No benchmark is called {unknown[0]}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    failed = False
    for name in names or BENCHMARKS:
        try:
            report = import_module(BENCHMARKS[name]).run()
        except CannotMeasure as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            failed = True
        else:
            print(json.dumps({"bench": name, **report.as_dict()}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
