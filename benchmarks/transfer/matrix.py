"""``python -m benchmarks.transfer.matrix``: tune on each source, then on each target, and write down what it reached.

Seed by seed over the whole matrix; the source ``none`` is the baseline. One row of ``ENCODER.csv`` a pair and seed, or
of ``ENCODER_N.csv`` where targets have another number N of training rows; what is there is not done again, so that a
run that was stopped goes on where it was, on another machine too.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.transfer.chosen import (
    FIRST_SOURCES,
    FIRST_TARGETS,
    SOURCES,
    TARGETS,
    TRAINING_ROWS,
    source_settings,
    stem,
    target_settings,
)
from benchmarks.transfer.encoders import ENCODERS, load
from benchmarks.transfer.kept import keep, kept_path
from benchmarks.transfer.rows import group_of, share_texts, source_rows, target_rows
from benchmarks.transfer.search import chosen_rates
from benchmarks.transfer.table import GrowingTable
from benchmarks.transfer.trial import tune_and_test
from benchmarks.transfer.workers import Unit, run_units
from models.tuning import TunedEncoder, tune

__all__ = ["NONE", "main", "truth_table"]

HERE = Path(__file__).parent
NONE = "none"
"""The source of the baseline: no transfer."""

_KEY = ("encoder", "source", "target", "training_rows", "seed")
_COLUMNS = (
    "encoder", "source", "target", "training_rows", "seed", "score", "metric", "group", "test_rows", "rate", "steps",
    "last_loss", "source_rows", "source_steps", "source_seconds", "seconds", "device", "at",
)  # fmt: skip


def truth_table(encoder: str, training: int = TRAINING_ROWS) -> GrowingTable:
    """The matrix of an encoder and so many training rows of a target."""
    return GrowingTable(HERE / f"{stem(encoder, training)}.csv", _COLUMNS, _KEY)


def run_source(
    encoder: str, device: str | None, source: str, seed: int, targets: tuple[str, ...], training: int
) -> None:
    """Tune on a source, then on each target that lacks this pair, and append a row for each.

    Targets whose learning rate was not searched for yet are passed over.
    """
    table, rates = truth_table(encoder, training), chosen_rates(encoder, training)
    done = table.keys()
    open_targets = [
        name
        for name in targets
        if name in rates
        and not share_texts(source, name)
        and (encoder, source, name, str(training), str(seed)) not in done
    ]
    if not open_targets:
        return
    base = load(encoder, device)
    began = time.perf_counter()
    tuned = None if source == NONE else _tuned_on(encoder, device, source, seed)
    spent = time.perf_counter() - began
    if tuned is not None and not kept_path(encoder, source, seed).exists():
        everything = {name: target_rows(name, training).training for name in TARGETS}
        facts = {"source": source, "seed": seed, "seconds": round(tuned.seconds, 1)}
        keep(kept_path(encoder, source, seed), base, tuned, source_rows(source), everything, facts)
    for name in open_targets:
        rows = target_rows(name, training)
        settings = target_settings(rates[name], seed)
        trial = tune_and_test(base if tuned is None else tuned.encoder, rows.training, rows.test, settings)
        table.append(
            {
                "encoder": encoder,
                "source": source,
                "target": name,
                "training_rows": training,
                "seed": seed,
                "score": round(trial.score, 6),
                "metric": trial.metric,
                "group": source if tuned is None else group_of(source),
                "test_rows": len(rows.test),
                "rate": rates[name],
                "steps": trial.steps,
                "last_loss": round(trial.last_loss, 5),
                "source_rows": 0 if tuned is None else len(source_rows(source)),
                "source_steps": 0 if tuned is None else len(tuned.losses),
                "source_seconds": round(spent, 1),
                "seconds": round(trial.seconds, 1),
                "device": base.device,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )


def _tuned_on(encoder: str, device: str | None, source: str, seed: int) -> TunedEncoder:
    rows = source_rows(source)
    base = load(encoder, device)
    return tune(base, rows.text_a, rows.text_b, rows.labels, rows.task, source_settings(seed))


def _units(asked: argparse.Namespace) -> list[Unit]:
    targets = TARGETS[: asked.targets]
    sources = (NONE, *SOURCES[: asked.sources])
    return [
        (run_source, (asked.encoder, asked.device, source, seed, targets, asked.rows))
        for seed in range(1, asked.seeds + 1)
        for source in sources
    ]


def _show_done(asked: argparse.Namespace) -> None:
    done = truth_table(asked.encoder, asked.rows).keys()
    found: dict[int, list[bool]] = {}
    for _, (encoder, _, source, seed, targets, training) in _units(asked):
        pairs = [name for name in targets if not share_texts(source, name)]
        keys = [(encoder, source, name, str(training), str(seed)) for name in pairs]
        found.setdefault(seed, []).extend(key in done for key in keys)
    for seed, which in found.items():
        print(f"seed {seed}: {sum(which)} of {len(which)} pairs")


def main(arguments: list[str] | None = None) -> None:
    """Go on with the matrix."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.matrix", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--sources", type=int, default=FIRST_SOURCES, help="how many, in the list's order")
    parser.add_argument("--targets", type=int, default=FIRST_TARGETS, help="how many, in the list's order")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--rows", type=int, default=TRAINING_ROWS, help="training rows of a target")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no source after so many")
    parser.add_argument("--workers", type=int, default=2, help="processes; one thread each on a CPU")
    parser.add_argument("--device", help="cpu or cuda; by default the best there is")
    asked = parser.parse_args(arguments)
    run_units(_units(asked), asked.workers, asked.minutes)
    _show_done(asked)


if __name__ == "__main__":
    main()
