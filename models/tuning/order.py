"""The order in which rows are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["epoch_batches"]

# Batches' worth of rows sorted by length together: near the padding of a full sort, near the mix of none.
_WINDOW = 16


def epoch_batches(
    lengths: NDArray[np.int64], batch_size: int, generator: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Deal one epoch's rows out to batches of texts of similar length, in random order.

    Rows are shuffled, sorted by length within windows of 16 batches, cut, and the batches shuffled: padding
    costs little and every epoch still mixes rows anew.

    Returns
    -------
    list of numpy.ndarray
        Row numbers; every row once.
    """
    order = generator.permutation(lengths.size)
    window = batch_size * _WINDOW
    parts = (order[start : start + window] for start in range(0, order.size, window))
    arranged = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    batches = [arranged[start : start + batch_size] for start in range(0, arranged.size, batch_size)]
    return [batches[place] for place in generator.permutation(len(batches))]
