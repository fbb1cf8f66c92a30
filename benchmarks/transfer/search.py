"""``python -m benchmarks.transfer.search [--targets N] [--workers N]``: a learning rate for each target.

Chosen on the baseline (no source first), on rows that are neither trained nor tested on, over two seeds that the
matrix does not use. One more run of twice the length shows whether the tuning had stopped improving. Every trial
is a row of ``ENCODER_search.csv``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

from benchmarks.transfer.chosen import FIRST_TARGETS, RATES, TARGETS, TRAINING_ROWS, target_settings
from benchmarks.transfer.encoders import ENCODERS, load
from benchmarks.transfer.rows import target_rows
from benchmarks.transfer.table import GrowingTable
from benchmarks.transfer.trial import tune_and_test
from benchmarks.transfer.workers import run_units

__all__ = ["SEEDS", "chosen_rates", "search_table"]

HERE = Path(__file__).parent
SEEDS = (101, 102)
_COLUMNS = (
    "encoder",
    "target",
    "training_rows",
    "rate",
    "epochs",
    "seed",
    "score",
    "metric",
    "last_loss",
    "seconds",
)
_KEY = ("encoder", "target", "training_rows", "rate", "epochs", "seed")
_EPOCHS = 15.0


def search_table(encoder: str) -> GrowingTable:
    """The trials of an encoder."""
    return GrowingTable(HERE / f"{encoder}_search.csv", _COLUMNS, _KEY)


def chosen_rates(encoder: str, training: int = TRAINING_ROWS) -> dict[str, float]:
    """Target -> the rate with the best mean score over the seeds; targets with a full search only."""
    scores: dict[str, dict[float, list[float]]] = {}
    for trial in search_table(encoder).read():
        if int(trial["training_rows"]) == training and float(trial["epochs"]) == _EPOCHS:
            of_rates = scores.setdefault(trial["target"], {})
            of_rates.setdefault(float(trial["rate"]), []).append(float(trial["score"]))
    return {
        # The smaller rate where two are as good.
        target: max(RATES, key=lambda rate: (fmean(of_rates[rate]), -rate))
        for target, of_rates in scores.items()
        if [len(of_rates.get(rate, ())) for rate in RATES] == [len(SEEDS)] * len(RATES)
    }


def search_target(encoder: str, device: str | None, target: str, training: int) -> None:
    """Make what is missing of a target's trials."""
    table = search_table(encoder)
    base = load(encoder, device)
    rows = target_rows(target, training)

    def one(rate: float, epochs: float, seed: int) -> None:
        names = (encoder, target, training, rate, epochs, seed)
        if tuple(map(str, names)) in table.keys():  # noqa: SIM118 - a method of ours
            return
        trial = tune_and_test(base, rows.training, rows.checked, target_settings(rate, seed, epochs))
        found = (round(trial.score, 6), trial.metric, round(trial.last_loss, 5), round(trial.seconds, 1))
        table.append(dict(zip(_COLUMNS, (*names, *found), strict=True)))

    for seed in SEEDS:
        for rate in RATES:
            one(rate, _EPOCHS, seed)
    one(chosen_rates(encoder, training)[target], 2 * _EPOCHS, SEEDS[0])


def main(arguments: list[str] | None = None) -> None:
    """Search for the targets that lack it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.search", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--targets", type=int, default=FIRST_TARGETS, help="how many, in the list's order")
    parser.add_argument("--rows", type=int, default=TRAINING_ROWS, help="training rows of a target")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", help="cpu or cuda; by default the best there is")
    asked = parser.parse_args(arguments)
    units = [
        (search_target, (asked.encoder, asked.device, name, asked.rows)) for name in TARGETS[: asked.targets]
    ]
    run_units(units, asked.workers)


if __name__ == "__main__":
    main()
