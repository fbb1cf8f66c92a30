"""``python -m benchmarks.transfer.evidence``: what the matrix showed, as the evidence that a pool is shipped with.

From ``ENCODER.csv`` and ``ENCODER_predictions.csv`` alone: the gain of a pair is the mean over seeds of its result less
the baseline's with the same seed; its looks are the default scorer's score, the untouched encoder's and the nearness
of the centroids. Pairs without a prediction (the leak check left them out) or a baseline are no evidence.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import polars as pl

from benchmarks.transfer.chosen import TRAINING_ROWS
from benchmarks.transfer.encoders import ENCODERS
from features.calibration.evidence import EVIDENCE, PastTransfer, write_evidence
from features.calibration.known import lift_of, settings_text, standing_of
from features.workspace.settings import RankingParams
from models.scorers import get_scorer

__all__ = ["evidence_of", "main"]

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "features" / "pools" / "shipped"
_NONE, _SCORER, _BASE, _NEARNESS = "none", "logme", "logme_base", "textemb"


def evidence_of(
    truth: pl.DataFrame,
    predictions: pl.DataFrame,
    *,
    encoder: str,
    training_rows: int = TRAINING_ROWS,
    versions: dict[str, str] | None = None,
) -> list[PastTransfer]:
    """Put results and predictions together.

    Parameters
    ----------
    truth
        As ``matrix.py`` writes it.
    predictions
        As ``predict.py`` writes it.
    encoder
        The encoder's id.
    training_rows
        Of results with so many rows of the target; the predictions are of these.
    versions
        Source -> the hash of its rows, where known.
    """
    gains = _gains(truth.filter(pl.col("training_rows") == training_rows))
    looks = _looks(predictions)
    settings = settings_text(get_scorer(_SCORER).resolve({"center": RankingParams().center}))
    return [
        PastTransfer(
            encoder=encoder,
            scorer=_SCORER,
            settings=settings,
            source=row["source"],
            source_version=(versions or {}).get(row["source"], ""),
            target=row["target"],
            target_version="",
            metric=row["metric"],
            source_rows=row["source_rows"],
            target_rows=training_rows,
            lift=lift_of(row["score"], row["base"], _SCORER),
            standing=standing_of(row["rank"], row["ranked"]),
            nearness=row["nearness"],
            gain=row["gain"],
            gain_stderr=row["gain_stderr"],
            seeds=row["seeds"],
        )
        for row in gains.join(looks, on=["source", "target"]).iter_rows(named=True)
    ]


def _gains(truth: pl.DataFrame) -> pl.DataFrame:
    """One row a pair, in points, seed against the same seed of the baseline."""
    baseline = truth.filter(pl.col("source") == _NONE).select("target", "seed", baseline="score")
    runs = truth.filter(pl.col("source") != _NONE).join(baseline, on=["target", "seed"])
    runs = runs.with_columns(gain=100 * (pl.col("score") - pl.col("baseline")))
    return runs.group_by("source", "target").agg(
        pl.col("metric", "source_rows").first(),
        pl.col("gain").mean(),
        gain_stderr=pl.col("gain").std() / pl.len().sqrt(),
        seeds=pl.len(),
    )


def _looks(predictions: pl.DataFrame) -> pl.DataFrame:
    def of(scorer: str, column: str) -> pl.DataFrame:
        return predictions.filter(pl.col("scorer") == scorer).select(
            "source", "target", pl.col("score").alias(column)
        )

    scored = of(_SCORER, "score").drop_nulls().with_columns(
        rank=pl.col("score").rank("ordinal", descending=True).over("target", order_by="source"),
        ranked=pl.len().over("target"),
    )  # fmt: skip
    base = of(_BASE, "base").group_by("target").agg(pl.col("base").first())
    return scored.join(base, on="target").join(of(_NEARNESS, "nearness"), on=["source", "target"], how="left")


def encoder_key(encoder: str) -> str:
    """The id of an encoder of the matrix, as a workspace with its reference has it."""
    from features.workspace.settings import load_settings
    from models.encoder.identity import encoder_id

    template = Path(str(files("features.workspace") / "template" / "params.yaml"))
    return encoder_id(replace(load_settings(template).encoder, ref=ENCODERS[encoder]))


def read_matrix(encoder: str) -> list[PastTransfer]:
    """The evidence of an encoder's committed tables; empty while one of them is not there."""
    paths = [HERE / f"{encoder}.csv", HERE / f"{encoder}_predictions.csv"]
    if not all(path.is_file() for path in paths):
        return []
    truth, predictions = (pl.read_csv(path) for path in paths)
    manifest = SHIPPED / encoder / "pool.json"
    listed = json.loads(manifest.read_text(encoding="utf-8"))["sources"] if manifest.is_file() else []
    versions = {one["name"]: one["version"] for one in listed}
    return evidence_of(truth, predictions, encoder=encoder_key(encoder), versions=versions)


def main(arguments: list[str] | None = None) -> None:
    """Write the evidence into the shipped pool's folder, or elsewhere."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.evidence", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--out", type=Path, help="a file; else evidence.csv of the shipped pool of that name")
    asked = parser.parse_args(arguments)
    found = read_matrix(asked.encoder)
    if not found:
        raise SystemExit(f"no pair of {asked.encoder} has results, a baseline and predictions yet")
    out = asked.out or SHIPPED / asked.encoder / EVIDENCE
    write_evidence(out, found)
    targets = {one.target for one in found}
    print(f"{out}: {len(found)} pairs, {len(targets)} targets, {len({one.source for one in found})} sources")


if __name__ == "__main__":
    main()
