"""A team of sources in the manner of OSBORN: near the target's domain, telling of its labels, and complementing.

Vimal K B, Bachu, Garg, Narasimhan, Konuru, Balasubramanian, "Building a Winning Team: Selecting Source Model Ensembles
using a Submodular Transferability Estimation Approach", ICCV 2023. A team's score joins three terms: domain difference
(optimal transport of source to target embeddings), task difference (a conditional entropy of the target's labels and
the model's predictions) and the cohesion of the models' predictions; members are picked greedily.

Where we differ, and why. (1) Transport is between Gaussian clouds of base embeddings, see
:mod:`models.scorers.sets.transport`; the paper's is between embeddings by the source's own model, which are not
kept of the source's rows. (2) The task difference is H(labels | predictions) by H(labels). The paper has the entropy of
predictions given labels, which is lowest for a model that says the same of everything. (3) Both are shares in [0, 1],
so that their weights mean the same for every target. (4) The paper's team votes, so its members are to agree; ours is
fine-tuned on together, so by default they are to complement each other. ``team="agree"`` has the paper's term. See
:mod:`models.scorers.sets.teams` for both functions, their submodularity and the guarantee.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.errors import InputsError, ScoringError, SettingsError
from models.scorers.head.nce import nce
from models.scorers.head.outputs import hard_predictions, head_probabilities
from models.scorers.needs import Need
from models.scorers.scorer import FIT, Scorer
from models.scorers.sets.teams import Agreement, Complement, Pick, Team, pick
from models.scorers.sets.transport import TargetCloud, transport_share
from models.scorers.suggest import did_you_mean
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "pick_team", "task_difference"]

TEAMS = ("complement", "agree")


def pick_team(
    costs: ArrayLike,
    predictions: Sequence[NDArray[np.float64]],
    k: int,
    *,
    cohesion: float = 1.0,
    team: str = "complement",
) -> Pick:
    """Pick k sources that make the best team, greedily.

    With ``complement`` the team's worth is monotone and submodular, so the pick is worth at least 63 % of the best
    team's (Nemhauser, Wolsey, Fisher, 1978); with ``agree`` the same holds once each member counts a constant more,
    see :mod:`models.scorers.sets.teams`.

    Parameters
    ----------
    costs
        [s]: how far each source is from the target; only differences matter.
    predictions
        s tables [n, z] of class probabilities by the sources' heads on the target's n rows.
    k
        Members, 1 or more; the whole pool if it is smaller.
    cohesion
        Weight of how predictions relate: in [0, 1] for ``complement``, 0 or more for ``agree``.
    team
        ``complement``: members are to say different things; ``agree``: the same, as in the paper.

    Raises
    ------
    InputsError
        If there is not one finite cost for each table, or tables differ in their rows.
    SettingsError
        If a setting is out of range.
    """
    if k < 1:
        raise _bad("k", k, "choose 1 or more")
    if team not in TEAMS:
        raise _bad("team", team, did_you_mean(team, TEAMS))
    if not 0 <= cohesion <= (1 if team == "complement" else np.inf):
        raise _bad("cohesion", cohesion, "choose a number from 0 to 1")
    far = np.asarray(costs, dtype=np.float64)
    _check_pool(far, predictions)
    worth: Team
    if team == "complement":
        worth = Complement(far, predictions, cohesion=cohesion)
    else:
        worth = Agreement(far, [hard_predictions(table) for table in predictions], cohesion=cohesion)
    return pick(worth, k)


def _check_pool(costs: NDArray[np.float64], predictions: Sequence[NDArray[np.float64]]) -> None:
    if costs.shape != (len(predictions),) or not len(predictions) or not np.isfinite(costs).all():
        raise InputsError(
            f"'costs' {costs.shape} for {len(predictions)} tables of predictions cannot be picked from",
            consequence="no team was picked",
            next_step="pass one finite number a source, and at least one source",
        )
    rows = {len(table) for table in predictions}
    if len(rows) > 1:
        raise InputsError(
            f"'predictions' are of {', '.join(map(str, sorted(rows)))} rows",
            consequence="no team was picked",
            next_step="predict the same rows of the target with every source",
        )


def task_difference(target: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """H(target | predicted) / H(target) of class ids [n]: 0 if predictions tell the label, 1 if nothing of it."""
    alone = nce(target, np.zeros_like(target))
    return float(np.clip(nce(target, predicted) / alone, 0, 1))


def _osborn(
    pool: Iterable[Inputs], *, k: int, domain_weight: float, task_weight: float, cohesion: float, team: str
) -> list[float | ScoringError]:
    for name, weight in (("domain_weight", domain_weight), ("task_weight", task_weight)):
        if not 0 <= weight < np.inf:
            raise _bad(name, weight, "choose a number from 0")
    cloud: TargetCloud | None = None
    costs, predictions = [], []
    answers: list[float | ScoringError] = []
    # One source at a time: the features of a whole pool together are gigabytes, its predictions are not.
    for inputs in pool:
        try:
            probabilities = head_probabilities(inputs)
            cloud = cloud or TargetCloud.of(inputs.given[Need.BASE_FEATURES])
            apart = transport_share(_sample(inputs, cloud), cloud)
        except ScoringError as problem:
            answers.append(problem)
            continue
        unlike = task_difference(inputs.target, hard_predictions(probabilities))
        costs.append(domain_weight * apart + task_weight * unlike)
        predictions.append(probabilities)
        answers.append(0.0)
    if not costs:
        return answers
    scores = iter(pick_team(costs, predictions, k, cohesion=cohesion, team=team).scores)
    return [answer if isinstance(answer, ScoringError) else float(next(scores)) for answer in answers]


def _sample(inputs: Inputs, cloud: TargetCloud) -> NDArray[np.float64]:
    sample = np.asarray(inputs.given[Need.SOURCE_SAMPLE], dtype=np.float64)
    if sample.ndim != 2 or not len(sample) or sample.shape[1] != cloud.mean.size:
        raise _damaged(f"has shape {sample.shape}, the target's embeddings have width {cloud.mean.size}")
    if not np.isfinite(sample).all():
        raise _damaged("is not finite (NaN or Inf)")
    return sample


def _damaged(what: str) -> ScoringError:
    return ScoringError(
        f"the sample of a source {what}",
        consequence="no team was picked",
        next_step="ingest that source again with this encoder, or leave it out",
    )


def _bad(name: str, value: object, cure: str) -> SettingsError:
    return SettingsError(f"setting {name} is {value!r}", consequence="nothing was scored", next_step=cure)


SCORER = Scorer(
    name="osborn",
    title="A team of sources that complement each other",
    paper="Vimal K B et al., 'Building a Winning Team' (OSBORN), ICCV 2023",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_osborn,
    defaults={"k": 10, "domain_weight": 1.0, "task_weight": 1.0, "cohesion": 1.0, "team": "complement"},
    needs=FIT | {Need.BASE_FEATURES, Need.SOURCE_HEAD, Need.SOURCE_SAMPLE},
    cost="cheap",
    joint=True,
)
