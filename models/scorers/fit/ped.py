"""PED: score the features as they will have moved, by any other scorer.

Li, Hu, Ge, Shan, Duan, "Exploring Model Transferability through the Lens of Potential Energy", ICCV 2023:
during fine-tuning the representation moves, so a score of where it stands now misleads. Forces that lower a
potential energy say where to, and another scorer then looks at where it has come.

That idea is the paper's. Its formulas and constants could not be looked up when this was written (and its
code carries no licence, so it was not read): the bodies and the force law below are our own, and published PED
values will differ.

- A class is a ball around its mean, with mass in proportion to its rows, in the space that the class means
  span: forces between centres act nowhere else, so spread at right angles to it is no overlap. The radius is
  the root mean square distance of its rows from the mean, in that space.
- Balls are elastic. Two that overlap by ``o = max(0, r_i + r_j - |c_i - c_j|)`` hold the energy ``o^2 / 2`` and
  push each other apart with force ``o`` along the line between their centres (none when these coincide).
- Each of ``rounds`` moves starts from rest and is uniformly accelerated: a class, all its rows alike, moves by
  ``step * force / mass``, where step is half the squared time. The step is halved while a move would raise the
  energy, so energy never rises.

Everything is in proportion to the features' own lengths: scaling, shifting and rotating the features scales,
shifts and rotates what comes out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.errors import SettingsError
from models.scorers.scorer import FIT, Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "moved_features", "potential_energy"]

TASKS = frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION})


def moved_features(
    features: NDArray[np.float64], ids: NDArray[np.int64], *, step: float = 0.1, rounds: int = 1
) -> NDArray[np.float64]:
    """Move each class by the forces between classes, to where the potential energy is lower.

    Parameters
    ----------
    features
        float64 [n, d]; not changed.
    ids
        int64 [n], contiguous class ids from 0.
    step
        Half the squared time of a move, not negative: the share of its overlap by which a class of average
        mass moves. Two equal classes are clear of each other after one move of 0.5.
    rounds
        Moves, each from rest.

    Returns
    -------
    numpy.ndarray
        float64 [n, d]: each class shifted as a whole.
    """
    one_hot = (ids[:, None] == np.arange(int(ids.max()) + 1)).astype(np.float64)
    counts = one_hot.sum(axis=0)
    basis, start, radii = _balls(features, ids, one_hot / counts)
    masses = counts / counts.mean()
    centres = start
    for _ in range(rounds):
        centres = _move(centres, radii, masses, step)
    return np.asarray(features + ((centres - start) @ basis.T)[ids])


def potential_energy(centres: NDArray[np.float64], radii: NDArray[np.float64]) -> float:
    """Energy of elastic balls, sum over pairs of half their squared overlap.

    Parameters
    ----------
    centres
        float64 [c, p].
    radii
        float64 [c].
    """
    return float(np.square(_overlaps(centres, radii)[0]).sum()) / 4


def _balls(
    features: NDArray[np.float64], ids: NDArray[np.int64], averaging: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Basis [d, p] of the space of class means, the centres [c, p] in it, and the radii [c]."""
    x = features - features.mean(axis=0)
    means = averaging.T @ x
    _, sizes, axes = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    basis = axes[sizes > 1e-10 * np.abs(x).max()].T
    residuals = (x - means[ids]) @ basis
    return basis, means @ basis, np.sqrt(averaging.T @ np.square(residuals).sum(axis=1))


def _overlaps(
    centres: NDArray[np.float64], radii: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Overlaps [c, c] with none on the diagonal, and unit vectors [c, c, p] from the second to the first."""
    between = centres[:, None, :] - centres[None, :, :]
    distances = np.linalg.norm(between, axis=2)
    overlaps = np.maximum(radii[:, None] + radii[None, :] - distances, 0.0)
    np.fill_diagonal(overlaps, 0.0)
    apart = distances > 0
    return overlaps, between / np.where(apart, distances, 1.0)[:, :, None]


def _move(
    centres: NDArray[np.float64], radii: NDArray[np.float64], masses: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    overlaps, directions = _overlaps(centres, radii)
    forces = (overlaps[:, :, None] * directions).sum(axis=1)
    before = potential_energy(centres, radii)
    for halvings in range(40):
        moved = centres + step / 2**halvings * forces / masses[:, None]
        if potential_energy(moved, radii) <= before:
            return np.asarray(moved)
    return centres


def _ped(inputs: Inputs, *, inner: str, step: float, rounds: int) -> float:
    if not (np.isfinite(step) and step >= 0 and rounds >= 0):
        raise _refuse(f"step {step} with {rounds} rounds is no motion", "give numbers of at least 0")
    scorer = _inner(inner)
    moved = moved_features(inputs.features, inputs.target, step=step, rounds=rounds)
    return float(scorer.compute(replace(inputs, features=moved), **scorer.defaults))


def _inner(name: str) -> Scorer:
    # The registry imports this module.
    from models.scorers.registry import get_scorer

    scorer = get_scorer(name)
    if scorer.name == SCORER.name or scorer.needs != FIT or scorer.joint or not scorer.tasks >= TASKS:
        raise _refuse(
            f"{name} cannot be the inner scorer",
            "choose one that scores classes from features and labels alone, such as logme",
        )
    if not scorer.higher_is_better:
        raise _refuse(f"lower is better for {name}, higher for ped", "choose another inner scorer")
    return scorer


def _refuse(what: str, next_step: str) -> SettingsError:
    return SettingsError(f"scorer ped: {what}", consequence="nothing was scored", next_step=next_step)


SCORER = Scorer(
    name="ped",
    title="Another score, after classes that overlap have moved apart",
    paper="Li, Hu, Ge, Shan, Duan, 'Model Transferability through the Lens of Potential Energy' (PED), ICCV 2023",
    tasks=TASKS,
    compute=_ped,
    defaults={"inner": "logme", "step": 0.1, "rounds": 1},
    cost="cheap",
)
