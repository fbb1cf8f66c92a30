"""ETran's energy score: whether the target looks familiar to the source's model.

Gholami, Akbari, Wang, Kamranian, Zhang, "ETran: Energy-Based Transferability Estimation", ICCV 2023, with the
energy of Liu et al., NeurIPS 2020: E(x) = -T log sum_z exp(f_z(x) / T) for logits f. Low energy means the row lies
where the model was trained; the score is the mean over rows of -E(x), with T = 1 as a setting.

What to know before using it alone. It reads no labels. It is not free of the head's own scale: adding a constant
to all logits adds it to the score and changes no prediction, and z classes add up to log(z). So it compares
sources fairly only as far as their heads were trained alike. ETran adds it to a classification or regression
score, which stands among the scorers by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import SettingsError
from models.scorers.head.outputs import head_logits
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "energy_score"]


def energy_score(logits: NDArray[np.float64], *, temperature: float = 1.0) -> float:
    """Average the negative free energy over rows of logits [n, z]; higher is better.

    Raises
    ------
    SettingsError
        If the temperature is not above 0.
    """
    from scipy.special import logsumexp

    if not temperature > 0:
        raise SettingsError(
            f"setting temperature is {temperature}, and must be above 0",
            consequence="nothing was scored",
            next_step="leave it out, or choose 1",
        )
    return float(temperature * logsumexp(logits / temperature, axis=1).mean())


def _etran_energy(inputs: Inputs, *, temperature: float) -> float:
    return energy_score(head_logits(inputs), temperature=temperature)


SCORER = Scorer(
    name="etran_energy",
    title="Energy under the source's head",
    paper="Gholami, Akbari, Wang, Kamranian, Zhang, 'ETran', ICCV 2023",
    tasks=frozenset(Task),
    compute=_etran_energy,
    defaults={"temperature": 1.0},
    needs=frozenset({Need.FEATURES, Need.SOURCE_HEAD}),
    cost="cheap",
)
