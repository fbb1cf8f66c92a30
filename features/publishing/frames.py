"""Rows of the feature views, read from artefact files; the one place that knows how a file becomes rows."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.files import read_arrays, read_arrays_card, read_table, read_table_card
from features.calibration.advice import completed
from features.registry.ledger import parse_time
from features.store import row_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.cards import Card

__all__ = [
    "again_key",
    "centroid_rows",
    "esm_rows",
    "pooled_centroid_rows",
    "pooled_profile_rows",
    "profile_rows",
    "ranking_rows",
    "sample_rows",
    "score_rows",
]


def _when(text: str) -> datetime:
    return parse_time(text)


def profile_rows(path: Path) -> pl.DataFrame:
    """``dataset_profile``: one row of a dataset file."""
    card = read_table_card(path)
    origin = card.inputs.get("origin") or {}
    return _profile(card.key, card.settings["task"], card.facts, origin, card.made_at)


def _profile(
    version: str, task: str, facts: dict[str, Any], origin: dict[str, Any], made_at: str
) -> pl.DataFrame:
    names = ("classes", "majority_share", "mean_chars", "label_mean", "label_std")
    return pl.DataFrame(
        {
            "key": [version],
            "version": [version],
            "task": [task],
            "rows": [facts["rows"]],
            **{name: [facts.get(name)] for name in names},
            "licence": [origin.get("licence")],
            "created_at": [_when(made_at)],
        },
        schema_overrides={
            "classes": pl.Int64,
            "majority_share": pl.Float64,
            "mean_chars": pl.Float64,
            "label_mean": pl.Float64,
            "label_std": pl.Float64,
            "licence": pl.String,
        },
    )


def pooled_profile_rows(path: Path) -> pl.DataFrame:
    """``dataset_profile``: one row of a pooled source's file."""
    card = read_arrays_card(path)
    about = {"licence": card.facts["about"]["licence"]}
    return _profile(card.inputs["dataset"], card.settings["task"], card.facts["profile"], about, card.made_at)


def pooled_centroid_rows(path: Path) -> pl.DataFrame:
    """``centroid``: one row of a pooled source's file, under that file's key."""
    card = read_arrays_card(path)
    return _centroid(path.stem, card, card.facts["rows"], read_arrays(path, ["centroid"])["centroid"])


def centroid_rows(path: Path) -> pl.DataFrame:
    """``centroid``: one row of an embedding file."""
    card = read_arrays_card(path)
    return _centroid(card.key, card, card.facts["rows_embedded"], read_arrays(path, ["centroid"])["centroid"])


def _centroid(key: str, card: Card, rows: int, centroid: NDArray[Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": [key],
            "version": [card.inputs["dataset"]],
            "encoder": [card.inputs["encoder"]],
            "dim": [len(centroid)],
            "rows": [rows],
            "centroid": pl.Series([centroid], dtype=pl.Array(pl.Float32, len(centroid))),
            "created_at": [_when(card.made_at)],
        }
    )


def sample_rows(path: Path, dataset: Path) -> pl.DataFrame:
    """``row_embedding``: the kept rows of an embedding file, with their labels from the dataset file."""
    card = read_arrays_card(path)
    arrays = read_arrays(path, ["rows", "vectors"])
    rows, vectors = arrays["rows"], arrays["vectors"]
    labels = read_table(dataset)["label"].cast(pl.String).gather(rows)
    n = len(rows)
    return pl.DataFrame(
        {
            "key": row_keys(card.key, rows.tolist()),
            "version": [card.inputs["dataset"]] * n,
            "encoder": [card.inputs["encoder"]] * n,
            "row": pl.Series(rows, dtype=pl.Int64),
            "vector": pl.Series(vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])),
            "label": labels,
            "created_at": [_when(card.made_at)] * n,
        }
    )


def esm_rows(path: Path) -> pl.DataFrame:
    """``esm``: one row of an ESM file, its factors as raw float16."""
    import numpy as np

    card = read_arrays_card(path)
    arrays = read_arrays(path)
    facts = card.facts
    names = ("strength", "heldout_error", "identity_error", "heldout_r2")
    return pl.DataFrame(
        {
            "key": [card.key],
            "version": [card.inputs["dataset"]],
            "encoder": [card.inputs["encoder"]],
            "tuned_model": pl.Series([card.inputs["tuned_model"]], dtype=pl.String),
            "rank": [facts["rank"]],
            **{name: [facts[name]] for name in names},
            "dim": [facts["dim"]],
            **{name: [np.asarray(arrays[name], dtype=np.float16).tobytes()] for name in ("u", "v", "b")},
            "created_at": [_when(card.made_at)],
        }
    )


def score_rows(scores: pl.DataFrame) -> pl.DataFrame:
    """``score``: rows of a batch of scores."""
    times = [_when(text) for text in scores["made_at"]]
    made = pl.Series("created_at", times, dtype=pl.Datetime("us", "UTC"))
    return scores.drop("made_at").with_columns(made)


def ranking_rows(ranking: dict[str, Any], again: str | None = None) -> pl.DataFrame:
    """``ranking``: one row of a ranking, its body as JSON.

    Parameters
    ----------
    ranking
        What its file holds.
    again
        When it became the newest of its target again, of one that was before (see :func:`again_key`).
    """
    names = ("target", "target_version", "encoder", "scorer", "pool_size")
    key = ranking["ranking_id"]
    return pl.DataFrame(
        {
            "key": [key if again is None else again_key(key, again)],
            **{name: [ranking[name]] for name in names},
            "body": [json.dumps(completed(ranking), ensure_ascii=False, sort_keys=True)],
            "created_at": [_when(ranking["created_at"] if again is None else again)],
        }
    )


def again_key(ranking_id: str, at: str) -> str:
    """The store's key of a ranking that is the newest once more: rows never change, so it gets another."""
    return f"{ranking_id}@{at}"
