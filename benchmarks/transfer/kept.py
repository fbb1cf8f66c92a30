"""What is kept of an encoder tuned on a source before its weights are dropped: small arrays, one file a tuning.

For every seed of the matrix, so that noise of the source's side can be told from noise of the transfer's. The
files lie in ``benchmarks/scratch/transfer``, which git ignores: about 1 MB each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.esm import Moments, assign_folds, fit_esm
from models.tuning.traces import trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.transfer.rows import Rows
    from models.encoder import Encoder
    from models.tuning import TunedEncoder

__all__ = ["RANK", "keep", "kept_path", "read_facts", "read_kept"]

SCRATCH = Path(__file__).resolve().parents[1] / "scratch" / "transfer"
RANK = 16
_FOLDS = 4


def kept_path(encoder: str, source: str, seed: int) -> Path:
    """Where the arrays of a tuning lie."""
    return SCRATCH / encoder / f"{source}-{seed}.safetensors"


def keep(
    path: Path,
    base: Encoder,
    tuned: TunedEncoder,
    rows: Rows,
    targets: dict[str, Rows],
    facts: dict[str, Any],
) -> None:
    """Write what scorers need of a tuning.

    ``features.TARGET`` float16 [n, d] are a target's training rows as the tuned encoder embeds them; ``head.*`` the
    head; ``esm.*`` the factors of the ESM at rank 16 and ``full.*`` at full rank, float16; ``fisher.*`` and
    ``update.*`` as in :meth:`models.tuning.traces.Traces.to_arrays`.
    """
    from safetensors.numpy import save_file

    arrays: dict[str, NDArray[Any]] = {
        f"features.{name}": tuned.encoder.embed(one.text_a, one.text_b).astype(np.float16)
        for name, one in targets.items()
    }
    arrays |= {"head.weight": tuned.head.weight, "head.bias": tuned.head.bias}
    before, after = (encoder.embed(rows.text_a, rows.text_b) for encoder in (base, tuned.encoder))
    moments = Moments.from_pairs(before, after, assign_folds(rows.labels, rows.task, _FOLDS, 0), _FOLDS)
    for kind, rank in (("esm", RANK), ("full", None)):
        esm = fit_esm(moments, rank=rank)
        arrays |= {f"{kind}.{name}": array for name, array in esm.to_arrays(np.float16).items()}
        facts = facts | {f"{kind}_r2": esm.heldout_r2}
    traces = trace(base, tuned, rows.text_a, rows.text_b, rows.labels, rows.task)
    arrays |= traces.to_arrays()
    facts = facts | {"classes": list(tuned.head.classes), **traces.facts()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    packed = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(packed, str(part), metadata={"facts": json.dumps(facts)})
    part.replace(path)


def read_kept(path: Path, names: list[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read arrays of :func:`keep`, all or the named ones."""
    from safetensors import safe_open

    with safe_open(str(path), framework="np") as file:
        return {name: file.get_tensor(name) for name in (file.keys() if names is None else names)}


def read_facts(path: Path) -> dict[str, Any]:
    """Read what :func:`keep` says of a tuning."""
    from safetensors import safe_open

    with safe_open(str(path), framework="np") as file:
        facts: dict[str, Any] = json.loads(file.metadata()["facts"])
    return facts
