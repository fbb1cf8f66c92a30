"""Made-up evidence of transfers whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.calibration import Evidence, Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.calibration.evidence import PastTransfer

__all__ = ["World", "made_up", "past_transfers"]


@dataclass(frozen=True)
class World:
    """What gains come from, as standard deviations in points: a slope on the lift, effects, and noise of a run."""

    slope: float = 0.0
    target: float = 0.0
    source: float = 0.0
    pair: float = 0.0
    run: float = 0.0
    mean: float = 0.0


def made_up(
    world: World, sources: int, targets: int, seed: int, seeds: int = 3
) -> tuple[Evidence, NDArray[np.float64]]:
    """Evidence of every pair, and the true mean gains behind it."""
    random = np.random.default_rng(seed)
    lift = random.normal(size=(targets, sources))
    size = random.uniform(5, 8, size=sources)
    nearness = random.uniform(-0.2, 0.9, size=(targets, sources))
    truth = (
        world.mean
        + world.slope * lift
        + world.target * random.normal(size=(targets, 1))
        + world.source * random.normal(size=(1, sources))
        + world.pair * random.normal(size=(targets, sources))
    )
    measured = truth + world.run / np.sqrt(seeds) * random.normal(size=truth.shape)
    order = lift.argsort(axis=1).argsort(axis=1)
    standing = 2 * order / max(1, sources - 1) - 1
    shape = (targets, sources)
    features = np.stack(
        [
            lift,
            standing,
            np.broadcast_to(size, shape),
            np.full(shape, np.log(100)),
            nearness,
        ],
        axis=-1,
    ).reshape(-1, 5)
    of_target, of_source = np.divmod(np.arange(targets * sources), sources)
    evidence = Evidence(
        Pairs(features.astype(np.float64), of_source, of_target),
        measured.ravel(),
        np.full(targets * sources, world.run / np.sqrt(seeds)),
    )
    return evidence, truth.ravel()


def past_transfers(
    plan: Plan,
    *,
    targets: int = 6,
    best: str = "s2",
    gain: float = 4.0,
    others: float = -1.0,
    seed: int = 0,
    **fields: object,
) -> list[PastTransfer]:
    """Evidence of a workspace's own sources on targets it does not have: one of them gains, the others do not."""
    from features.calibration.evidence import PastTransfer
    from features.calibration.known import settings_text
    from features.rankings.pool import scorer_settings

    random = np.random.default_rng(seed)
    found = []
    for number in range(targets):
        offset = random.normal(0, 0.3)
        for place, source in enumerate(plan.pool()):
            mean = gain if source.name == best else others
            said: dict[str, object] = {
                "encoder": plan.encoder,
                "scorer": "logme",
                "settings": settings_text(scorer_settings(plan, "logme")),
                "source": source.name,
                "source_version": source.version,
                "target": f"past{number}",
                "target_version": "",
                "metric": "accuracy",
                "source_rows": source.rows,
                "target_rows": 40,
                "lift": float(random.normal(0, 0.05)),
                "standing": 1.0 - place,
                "nearness": float(random.uniform(0, 1)) if number else None,
                "gain": mean + offset + float(random.normal(0, 0.2)),
                "gain_stderr": 0.2,
                "seeds": 3,
            }
            found.append(PastTransfer(**{**said, **fields}))  # type: ignore[arg-type]
    return found
