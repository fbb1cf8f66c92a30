"""``python -m benchmarks.run [NAME ...] [--keep]``: run benchmarks and write their results."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import traceback
from pathlib import Path

from benchmarks.outcome import MissingInput, Outcome, circumstances
from benchmarks.table import write_table

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def names() -> list[str]:
    """The benchmarks: folders with a ``measure.py`` whose ``measure(keep)`` returns an Outcome."""
    return sorted(path.parent.name for path in HERE.glob("*/measure.py"))


def run_one(name: str, keep: bool) -> bool:
    """Run a benchmark and write ``results/NAME.json``; returns whether no goal was missed."""
    measure = importlib.import_module(f"benchmarks.{name}.measure").measure
    where = circumstances()
    print(f"{name} ...", flush=True)
    outcome: Outcome = measure(keep=keep)
    record = {
        "benchmark": name,
        "title": outcome.title,
        **where,
        "goals": [goal.to_record() for goal in outcome.goals],
        "notes": outcome.notes,
        "raw": outcome.raw,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    for goal in outcome.goals:
        verdict = {True: "met", False: "MISSED", None: "reported"}[goal.met]
        print(f"  {verdict:8} {goal.value:9.3f} {goal.unit}  {goal.what}")
    return all(goal.met is not False for goal in outcome.goals)


def main(arguments: list[str] | None = None) -> int:
    """Run what is named, or everything; returns 1 when a goal was missed or a benchmark could not run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; all by default")
    parser.add_argument("--keep", action="store_true", help="keep what was built, for the next run")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in names()]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}")
    fine = True
    for name in asked.names or names():
        try:
            fine &= run_one(name, asked.keep)
        except MissingInput as problem:
            fine = False
            print(f"  not run: {problem}")
        except Exception:  # One that breaks must not take the others' results with it.
            fine = False
            traceback.print_exc()
    write_table(RESULTS)
    print(f"Results: {RESULTS / 'README.md'}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
