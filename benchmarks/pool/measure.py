"""Adding one source, and twenty, to a pool of 1,500 and to a pool of 10; then refreshing a target."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.outcome import Goal, MissingInput, Outcome
from benchmarks.pool.build import TARGET, is_built
from benchmarks.processes import environment, run_counted
from benchmarks.texts import short_texts

__all__ = ["Bench", "measure"]

LARGE, SMALL = 1_500, 10
SINGLES, BATCHES, BATCH = 3, 2, 20
SOURCE_ROWS = 250
_BYTES_PER_SOURCE = 6_000_000
_SCRATCH = Path(__file__).resolve().parents[1] / "scratch" / "pool"


@dataclass
class Bench:
    """Two workspaces and the runs on them.

    Attributes
    ----------
    folder
        Where the workspaces and the new sources' files lie.
    sizes
        Made-up sources of the large and of the small pool.
    """

    folder: Path
    sizes: tuple[int, int] = (LARGE, SMALL)

    def prepare(self) -> None:
        """Build both workspaces, in processes of their own; a large one that is there already is used."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # A small pool that earlier runs have added to is no longer small; it is quickly made anew.
        shutil.rmtree(self._workspace(min(self.sizes)), ignore_errors=True)
        missing = [size for size in self.sizes if not is_built(self._workspace(size))]
        need = 3 * sum(missing) * _BYTES_PER_SOURCE  # the files, DVC's cache, the remote
        free = shutil.disk_usage(self.folder).free
        if free < need + 2_000_000_000:
            raise MissingInput(
                f"the pools need {need / 1e9:.0f} GB of disk in {self.folder} and {free / 1e9:.0f} GB are free"
            )
        for size in missing:
            command = [sys.executable, "-m", "benchmarks.pool.build", str(self._workspace(size)), str(size)]
            subprocess.run(command, env=self._environment(), check=True)

    def run(self, size: int, what: str, new: int = 0) -> dict[str, Any]:
        """One measured process: add ``new`` sources at once, or refresh."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        files = [str(self._new_source()) for _ in range(new)]
        # Written-back pages of the run before are not this run's business.
        os.sync()
        command = [
            sys.executable,
            "-m",
            "benchmarks.pool.step",
            str(report),
            str(self._workspace(size)),
            what,
        ]
        cost = run_counted([*command, *files], self._environment(), self.folder / "runs.log")
        inside = json.loads(report.read_text(encoding="utf-8"))
        # What the process itself and the programs it waited for did not use, Prefect's server used.
        return {"pool": size, "what": what, "new": new, **inside, "cpu": cost.cpu, "wall": cost.wall}

    def _environment(self) -> dict[str, str]:
        return environment(
            PREFECT_HOME=str(self.folder / "prefect"),
            PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="300",
            SPRINGBOARD_PROGRESS="",
        )

    def _workspace(self, size: int) -> Path:
        return self.folder / f"pool-{size}"

    def _new_source(self) -> Path:
        """A small dataset of real texts that differs from every other by a word in each row."""
        place = self.folder / "new"
        place.mkdir(exist_ok=True)
        number = len(list(place.iterdir()))
        # None of the target's own texts, or the leak check would rightly leave the source out.
        texts = short_texts(2_500, without=(TARGET.name,))
        picked = [texts[(number * 37 + i) % len(texts)] for i in range(SOURCE_ROWS)]
        rows = pl.DataFrame(
            {
                "text": [f"{text} [{number}]" for text in picked],
                "label": ["even" if len(text) % 2 == 0 else "odd" for text in picked],
            }
        )
        path = place / f"new-{number:04d}.csv"
        rows.write_csv(path)
        return path


def measure(keep: bool = False) -> Outcome:
    """Measure; pools are removed afterwards unless ``keep``."""
    bench = Bench(_SCRATCH)
    bench.prepare()
    runs: list[dict[str, Any]] = []
    try:
        for size in bench.sizes:  # warm caches of files, bytecode and Prefect's database; not counted
            bench.run(size, "add", 1)
            bench.run(size, "refresh")
        for number in range(SINGLES):
            for size in bench.sizes:
                runs.append(bench.run(size, "add", 1))
                runs.append(bench.run(size, "refresh"))
                # Between the single ones and not after them: the machine's other work changes with time.
                if number < BATCHES:
                    runs.append(bench.run(size, "add", BATCH))
    finally:
        if not keep:
            shutil.rmtree(bench.folder, ignore_errors=True)
    return judge(runs, bench.sizes)


def judge(runs: Sequence[dict[str, Any]], sizes: tuple[int, int] = (LARGE, SMALL)) -> Outcome:
    """Medians, ratios and goals of the runs."""
    large, small = sizes

    def median(size: int, what: str, new: int, number: str = "cpu") -> float:
        return statistics.median(
            run[number] for run in runs if (run["pool"], run["what"], run["new"]) == (size, what, new)
        )

    one, one_small = median(large, "add", 1), median(small, "add", 1)
    own, own_small = median(large, "add", 1, "own"), median(small, "add", 1, "own")
    goals = [
        Goal(f"CPU of adding 1 source to a pool of {large:,} / to a pool of {small}", one / one_small, 1.5),
        Goal(
            f"CPU of adding {BATCH} sources at once / 1, pool of {large:,}",
            median(large, "add", BATCH) / one,
            3.0,
        ),
        Goal(
            f"CPU of adding {BATCH} sources at once / 1, pool of {small}",
            median(small, "add", BATCH) / one_small,
            3.0,
        ),
        Goal("the first ratio without Prefect's temporary server", own / own_small),
        Goal(
            "CPU of adding 1 source, for each source that is there already",
            1000 * (one - one_small) / (large - small),
            unit="ms",
        ),
        Goal(f"CPU of adding 1 source to a pool of {large:,}", one, unit="s"),
        Goal(
            f"wall time of adding 1 source to a pool of {large:,}", median(large, "add", 1, "wall"), unit="s"
        ),
        Goal(
            f"CPU of refreshing 1 target after 1 new source, pool of {large:,} / {small}",
            median(large, "refresh", 0) / median(small, "refresh", 0),
        ),
        Goal(f"CPU of that refresh in a pool of {large:,}", median(large, "refresh", 0), unit="s"),
    ]
    return Outcome(
        title="the cost of one more source in a large pool",
        goals=goals,
        raw={"split": _split(runs, sizes), "runs": list(runs)},
        notes=_notes(runs, sizes),
    )


def _split(runs: Sequence[dict[str, Any]], sizes: tuple[int, int]) -> dict[str, dict[str, dict[str, float]]]:
    """Run kind -> step -> pool size -> median CPU seconds."""
    split: dict[str, dict[str, dict[str, float]]] = {}
    for what, new in (("add", 1), ("add", BATCH), ("refresh", 0)):
        for size in sizes:
            chosen = [run for run in runs if (run["pool"], run["what"], run["new"]) == (size, what, new)]
            if not chosen:
                continue
            steps = {step for run in chosen for step in run["steps"]}
            table = split.setdefault(f"{what} {new}".removesuffix(" 0"), {})
            # The leak check is timed on its own and within the ranking.
            inner = {"leak check"}
            for step in sorted(steps):
                values = [run["steps"].get(step, 0.0) for run in chosen]
                table.setdefault(step, {})[str(size)] = round(statistics.median(values), 3)
            rest = [
                run["own"] - sum(spent for step, spent in run["steps"].items() if step not in inner)
                for run in chosen
            ]
            server = [run["cpu"] - run["own"] for run in chosen]
            table.setdefault("flow engine and the rest", {})[str(size)] = round(statistics.median(rest), 3)
            table.setdefault("Prefect's temporary server, and the end of the process", {})[str(size)] = round(
                statistics.median(server), 3
            )
    return split


def _notes(runs: Sequence[dict[str, Any]], sizes: tuple[int, int]) -> list[str]:
    large, small = sizes
    notes = [
        "Counted: user and system CPU of the whole process tree, from the start of a process that registers the "
        "sources (reading, gate, sketch) and runs the ingest flow: imports, Prefect with its temporary server, "
        "LanceDB, DVC and git. Not counted: loading the encoder, embedding, fine-tuning; arrays of the right "
        "shapes stand in for what these give.",
        f"Medians of {SINGLES} runs (of {BATCHES} with {BATCH} sources), pools in turn, one thread a library; "
        f"new sources are real texts in CSV files of {SOURCE_ROWS} rows.",
        f"PyTorch was loaded in {sum(bool(run['torch_loaded']) for run in runs)} of {len(runs)} runs.",
    ]
    for kind, steps in _split(runs, sizes).items():
        parts = [
            f"{step} {spent.get(str(large), 0):.2f} / {spent.get(str(small), 0):.2f}"
            for step, spent in steps.items()
        ]
        notes.append(f"CPU seconds of `{kind}` by step, pool of {large:,} / {small}: {'; '.join(parts)}.")
    return notes
