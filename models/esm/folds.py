"""The folds that moments are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import ArtefactError
from models.labels import stratified_groups

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["assign_folds"]


def assign_folds(labels: Labels, task: Task, n_folds: int = 4, seed: int = 0) -> NDArray[np.int64]:
    """Deal rows out to folds with the same mix of labels; same labels and seed, same folds.

    Parameters
    ----------
    labels
        n labels of the source.
    task
        Says whether they are classes or numbers.
    n_folds
        From 2 to n.
    seed
        Decides which row goes where among rows of one label.

    Returns
    -------
    numpy.ndarray
        int64 [n] in 0..n_folds-1; sizes differ by one at most.

    Raises
    ------
    ArtefactError
        If there are fewer rows than folds.
    """
    if not 2 <= n_folds <= len(labels):
        raise ArtefactError(
            f"{len(labels)} rows cannot be kept in {n_folds} folds",
            consequence="no moments were made",
            next_step="use at least 2 folds and at most one per row",
        )
    return stratified_groups(labels, task, n_folds, seed)
