"""Made-up sources with artefact files of real size, written, registered, published and recorded for real."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.pool.standins import DIM, made_up_traces
from benchmarks.texts import short_texts
from features.artefacts.cards import Card
from features.artefacts.files import write_arrays, write_table
from features.artefacts.keys import content_hash
from features.intake.profile import profile_of
from features.overlap import make_sketch
from features.registry import Entry, Kind
from models.esm.layout import pack_moments
from models.esm.moments import Moments
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from models.tuning.traces import Traces

__all__ = ["ROWS", "MadeUpSources"]

ROWS = 2_000
"""Rows of a made-up source. The artefacts that matter, moments and ESM, do not depend on it."""


@dataclass(frozen=True)
class MadeUpSources:
    """Writes made-up source number i; every file differs from every other's, though blocks are reused."""

    plan: Plan

    def write(self, number: int, *, ranked_only: bool = False) -> Entry:
        """Write all files of one source that are missing; returns its entry, not registered yet.

        With ``ranked_only`` just the two that a ranking reads: sketch and ESM.
        """
        version = content_hash(["made up", number])
        sketch = content_hash(["made-up sketch", number])
        entry = Entry(
            Kind.SOURCE,
            f"made-up-{number:04d}",
            version,
            Task.CLASSIFICATION,
            f"made-up:{number}",
            ROWS,
            sketch,
            cap=10_000,
            cap_seed=0,
        )
        keys = self.plan.source_keys(entry)
        if not self.plan.path("esms", keys.esm).exists():
            seed = int.from_bytes(hashlib.sha256(version.encode()).digest()[:8], "little")
            rng = np.random.default_rng(seed)
            self._sketch(entry, rng)
            if not ranked_only:
                self._dataset(entry, rng)
                self._embedding(entry, keys.embedding, rng)
                self._moments(entry, keys.moments, number)
            self._esm(entry, keys.esm, keys.moments, rng)
        return entry

    @cached_property
    def _texts(self) -> pl.Series:
        return pl.Series(short_texts(2_500))

    @cached_property
    def _moments_block(self) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng(0)
        x = rng.standard_normal((4_000, DIM))
        folds = np.arange(len(x)) % self.plan.workspace.settings.esm.folds
        pairs = Moments.from_pairs(x, 0.9 * x, folds, self.plan.workspace.settings.esm.folds)
        return pack_moments(pairs)

    @cached_property
    def _traces(self) -> Traces:
        return made_up_traces(0)

    @cached_property
    def _sketch_params(self) -> NDArray[Any]:
        one = pl.DataFrame(
            {"text_a": ["a text that is long enough to count"], "text_b": [None], "label": ["a"]}
        )
        overlap = self.plan.workspace.settings.overlap
        return make_sketch(one.cast({"text_b": pl.String}), Task.CLASSIFICATION, overlap).params

    def _dataset(self, entry: Entry, rng: np.random.Generator) -> None:
        picked = self._texts.gather(rng.integers(0, len(self._texts), ROWS).tolist())
        rows = pl.DataFrame(
            {
                "position": pl.Series(range(ROWS), dtype=pl.Int64),
                "text_a": picked + f" ({entry.name})",
                "text_b": pl.Series([None] * ROWS, dtype=pl.String),
                "label": pl.Series(rng.integers(0, 4, ROWS)).cast(pl.String),
            }
        )
        facts = profile_of(rows, entry.task)
        card = Card(
            "dataset",
            entry.version,
            {"origin": {"reference": entry.reference, "licence": None}},
            {"task": entry.task.value},
            facts,
        )
        write_table(self.plan.path("datasets", entry.version), rows, card)

    def _sketch(self, entry: Entry, rng: np.random.Generator) -> None:
        arrays: dict[str, NDArray[Any]] = {
            "exact": np.sort(rng.integers(0, 2**63, ROWS, dtype=np.uint64)),
            "roles": np.ones(ROWS, dtype=np.uint8),
            "signatures": rng.integers(0, 256, (ROWS, 128), dtype=np.uint8),
            "short": np.empty(0, dtype=np.uint64),
            "params": self._sketch_params,
        }
        write_arrays(
            self.plan.path("sketches", entry.sketch),
            arrays,
            Card("sketch", entry.sketch, {"texts": ROWS}, {}),
        )

    def _embedding(self, entry: Entry, key: str, rng: np.random.Generator) -> None:
        kept = self.plan.workspace.settings.store.sample_rows
        vectors = rng.standard_normal((kept, DIM), dtype=np.float32)
        arrays: dict[str, NDArray[Any]] = {
            "vectors": vectors,
            "rows": np.arange(kept, dtype=np.int32) * (ROWS // kept),
            "centroid": vectors.mean(axis=0),
            "tokens.ids": np.arange(1_000, 6_000, dtype=np.int32),
            "tokens.counts": rng.integers(1, 100, 5_000, dtype=np.int32),
            "token_vectors": rng.standard_normal((256, DIM), dtype=np.float32).astype(np.float16),
        }
        card = Card(
            "embedding",
            key,
            {"dataset": entry.version, "encoder": self.plan.encoder},
            {"sample_rows": kept},
            {"rows_embedded": ROWS, "rows_kept": kept, "dim": DIM},
        )
        write_arrays(self.plan.path("embeddings", key), arrays, card)

    def _moments(self, entry: Entry, key: str, number: int) -> None:
        arrays = dict(self._moments_block)
        factor = np.float32(1.0 + (number + 1) * 1e-4)
        arrays |= {name: self._moments_block[name] * factor for name in ("xx", "xy", "yy")}
        arrays |= {
            "head.weight": np.full((4, DIM), factor, dtype=np.float32),
            "head.bias": np.zeros(4, dtype=np.float32),
            **self._traces.to_arrays(),
        }
        facts = {
            "rows": ROWS,
            "classes": list("0123"),
            "head": {"label_mean": 0.0, "label_std": 1.0, "note": ""},
            **self._traces.facts(),
        }
        inputs = {"dataset": entry.version, "encoder": self.plan.encoder}
        card = Card("moments", key, inputs, {}, facts)
        write_arrays(self.plan.path("moments", key), arrays, card)

    def _esm(self, entry: Entry, key: str, moments: str, rng: np.random.Generator) -> None:
        rank = self.plan.workspace.settings.esm.rank or DIM
        small = rng.standard_normal((2, DIM, rank)).astype(np.float16) * np.float16(0.05)
        arrays: dict[str, NDArray[Any]] = {
            "u": np.ascontiguousarray(small[0]),
            "v": np.ascontiguousarray(small[1]),
            "b": (rng.standard_normal(DIM) * 0.05).astype(np.float16),
            "figures": np.array([0.1, 0.5, 1.0, 0.5]),
            "layout": np.array([1], dtype=np.int64),
        }
        facts = {
            "rank": rank,
            "dim": DIM,
            "strength": 0.1,
            "heldout_error": 0.5,
            "identity_error": 1.0,
            "heldout_r2": 0.5,
            "warnings": [],
        }
        inputs = {
            "moments": moments,
            "dataset": entry.version,
            "encoder": self.plan.encoder,
            "tuned_model": None,
        }
        write_arrays(self.plan.path("esms", key), arrays, Card("esm", key, inputs, {}, facts))
