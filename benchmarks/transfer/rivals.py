"""``python -m benchmarks.transfer.rivals``: whether the other targets would have chosen another default.

Candidates are the default, every scorer of the product that ranks all targets, what helped other targets
(``source_popularity``), and the default joined with each of those in two ways: by reciprocal rank fusion (Cormack et
al., SIGIR 2009; Vu et al., EMNLP 2020, join two scorers by it), which asks for sources that both find good; and in turn
(as Radlinski, Kurup and Joachims, CIKM 2008, show two rankings), which tries the best of both, so that one that fails
costs half of the tries. Each target is judged by what the others choose, as in :mod:`benchmarks.transfer.choose`; what
helped other targets is for their choice counted without it. ``ENCODER_rivals.csv`` has that module's columns. Nothing
is changed by it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.transfer.choose import CHOSEN_BY_OTHERS, table_of
from benchmarks.transfer.encoders import ENCODERS
from features.evaluation import evaluate
from features.evaluation.matrix import matrix_of
from features.evaluation.report import POPULARITY
from features.evaluation.truth import read_truth
from models.evaluation import popularity
from models.scorers import SCORERS

__all__ = ["fused", "interleaved", "judged", "main", "popularities"]

HERE = Path(__file__).parent
FUSED_WITH = "{} & {}"
IN_TURN_WITH = "{} | {}"
_CONSTANT = 60.0
"""The published one; what the best few have more than the rest."""


def fused(predictions: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Join two scorers by their ranks.

    Parameters
    ----------
    predictions
        Columns ``scorer``, ``source``, ``target``, ``score``, ``direction`` at least.
    first, second
        Scorers in it. Pairs that one of them has no score for are left out.

    Returns
    -------
    polars.DataFrame
        ``scorer``, ``source``, ``target``, ``score`` and ``direction``: 1 / (60 + rank) of both, added up; ties share
        their mean rank.
    """
    share = 1.0 / (_CONSTANT + pl.col("rank"))
    return _joined(predictions, first, second, share, pl.col("value").sum(), FUSED_WITH)


def interleaved(predictions: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Let two scorers name a source in turn, the first before the second.

    Parameters and return as of :func:`fused`; a source's score is minus the turn at which it is named first, odd turns
    being the first scorer's.
    """
    turn = 2.0 * pl.col("rank") - (pl.col("scorer") == first).cast(pl.Float64)
    return _joined(predictions, first, second, -turn, pl.col("value").max(), IN_TURN_WITH)


def _joined(
    predictions: pl.DataFrame, first: str, second: str, value: pl.Expr, score: pl.Expr, called: str
) -> pl.DataFrame:
    signed = predictions.filter(
        pl.col("scorer").is_in([first, second]), pl.col("score").is_not_null()
    ).select(
        "scorer",
        "source",
        "target",
        score=pl.when(pl.col("direction") == "lower").then(-pl.col("score")).otherwise(pl.col("score")),
    )
    both = signed.filter(pl.len().over("source", "target") == 2)
    rank = pl.col("score").rank("average", descending=True).over("scorer", "target")
    return (
        both.with_columns(rank=rank)
        .with_columns(value=value)
        .group_by("source", "target", maintain_order=True)
        .agg(score=score)
        .select(
            "source",
            "target",
            "score",
            scorer=pl.lit(called.format(first, second)),
            direction=pl.lit("higher"),
        )
    )


def judged(
    truth: Path, predictions: pl.DataFrame, default: str, others: Sequence[str], *, without: str | None = None
) -> dict[str, Any]:
    """Judge the default, others and all that they are joined to on each target.

    Parameters
    ----------
    truth
        The table of results.
    predictions
        Columns ``scorer``, ``source``, ``target``, ``score``, ``direction`` at least.
    default, others
        Scorers in it; ``source_popularity`` is made of the results.
    without
        A target that there is neither a result nor a prediction of.

    Returns
    -------
    dict
        ``per_target`` of ``springboard evaluate --json``.
    """
    with tempfile.TemporaryDirectory() as folder:
        results, said = Path(folder) / "results.csv", Path(folder) / "predictions.csv"
        pl.read_csv(truth).filter(_is_not(without)).write_csv(results)
        given = pl.concat(
            [predictions.filter(pl.col("scorer") != POPULARITY, _is_not(without)), popularities(results)],
            how="diagonal_relaxed",
        )
        joined = [join(given, default, other) for join in (fused, interleaved) for other in others]
        pl.concat([given, *joined], how="diagonal_relaxed").write_csv(said)
        per_target: dict[str, Any] = evaluate(results, said, must_match=False, resamples=1)["per_target"]
        return per_target


def popularities(truth: Path) -> pl.DataFrame:
    """What each source gained on the *other* targets, as predictions by ``source_popularity``."""
    matrix = matrix_of(read_truth(truth))
    found, _ = popularity([target.truth for target in matrix.targets], len(matrix.sources))
    rows = [
        (POPULARITY, source, target.name, float(score), "higher")
        for target, scores in zip(matrix.targets, found, strict=True)
        for source, score in zip(target.candidates, scores if scores is not None else (), strict=False)
    ]
    return pl.DataFrame(rows, schema=["scorer", "source", "target", "score", "direction"], orient="row")


def _is_not(target: str | None) -> pl.Expr:
    return pl.lit(True) if target is None else pl.col("target") != target


def main(arguments: list[str] | None = None) -> None:
    """Write the table and print its means."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.rivals", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--default", default="logme", help="the scorer that the others are rivals of")
    asked = parser.parse_args(arguments)
    truth, path = HERE / f"{asked.encoder}.csv", HERE / f"{asked.encoder}_predictions.csv"
    predictions = pl.read_csv(path)
    targets = evaluate(truth, path, must_match=False, resamples=1)["per_target"]
    singles = [
        name
        for name in sorted(set(predictions["scorer"]) & set(SCORERS) - {asked.default, POPULARITY})
        if all(one["scorers"].get(name, {}).get("regret@5") is not None for one in targets.values())
    ]
    if len(targets) > 2:  # Without the one that is judged, each has another left that it goes by.
        singles.append(POPULARITY)
    pairs = [
        called.format(asked.default, other) for called in (FUSED_WITH, IN_TURN_WITH) for other in singles
    ]
    table = table_of(
        judged(truth, predictions, asked.default, singles),
        [asked.default, *singles, *pairs],
        {target: judged(truth, predictions, asked.default, singles, without=target) for target in targets},
    )
    table.write_csv(HERE / f"{asked.encoder}_rivals.csv", float_precision=4)
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=2, tbl_hide_column_data_types=True
    ):
        print(table.filter(pl.col("target") == "all").sort("regret@5"))
        print(table.filter(pl.col("candidate") == CHOSEN_BY_OTHERS).select("target", "regret@5"))
        print(table.filter(pl.col("chosen") == 1, pl.col("target") != "all").select("target", "candidate"))


if __name__ == "__main__":
    main()
