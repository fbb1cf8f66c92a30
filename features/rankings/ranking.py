"""A ranking: an immutable, hashed list of scores for one target, one encoder, one state of the pool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.artefacts.files import write_whole
from features.artefacts.keys import RECIPES, content_hash
from models.errors import ArtefactError
from models.ranking import assign_tiers

if TYPE_CHECKING:
    from features.rankings.scoring import Scored

__all__ = [
    "GAIN_FIELDS",
    "RANKING_FORMAT",
    "order_id",
    "ordered_rows",
    "ranking_id",
    "read_ranking",
    "write_ranking",
]

RANKING_FORMAT = 1
"""Version of the layout of ranking files."""

GAIN_FIELDS = ("expected_gain", "gain_low", "gain_high")
"""What a row has beside its score where past transfers are known, in points (hundredths of the target's metric)."""

# What a ranking's id is a hash of. The clock, the code version and what only describes stay out: the same
# scores of the same pool are the same ranking, whenever they were put together.
_IDENTITY = (
    "target",
    "target_version",
    "encoder",
    "scorer",
    "settings",
    "pool_size",
    "base_score",
    "ranking",
    "excluded",
)


def ordered_rows(scores: Sequence[Scored], *, higher_is_better: bool = True) -> list[dict[str, Any]]:
    """Ranked rows (``rank``, ``source``, ``source_version``, ``score``, ``stderr``, ``tier``), best first.

    Equal scores are ordered by name, so that the order never depends on when a source came.
    """
    sign = 1.0 if higher_is_better else -1.0
    best_first = sorted(scores, key=lambda scored: (-sign * scored.score, scored.source))
    tiers = assign_tiers(
        [sign * s.score for s in best_first],
        [None if s.replicates is None else sign * s.replicates for s in best_first],
    )
    return [
        {
            "rank": position,
            "source": scored.source,
            "source_version": scored.source_version,
            "score": scored.score,
            "stderr": scored.stderr,
            "tier": tier,
        }
        for position, (scored, tier) in enumerate(zip(best_first, tiers, strict=True), start=1)
    ]


def ranking_id(ranking: Mapping[str, Any]) -> str:
    """The id of a ranking: a hash of its identity, the clock left out."""
    identity = {name: ranking[name] for name in _IDENTITY}
    # Only where there is one, so that rankings without expected gains keep the ids that they had.
    if ranking.get("calibration"):
        identity["calibration"] = ranking["calibration"]
    return content_hash({"recipe": RECIPES["ranking"], **identity})


def order_id(ranking: Mapping[str, Any]) -> str:
    """The id that a ranking would have without expected gains: the same scores, ranks and tiers, the same order."""
    rows = [{name: row[name] for name in row if name not in GAIN_FIELDS} for row in ranking["ranking"]]
    return ranking_id({**ranking, "ranking": rows, "calibration": None})


def write_ranking(folder: Path, ranking: Mapping[str, Any]) -> Path:
    """Write a ranking file named by its id, unless it is there and whole."""
    path = folder / f"{ranking['ranking_id']}.json"
    try:
        read_ranking(folder, ranking["ranking_id"])
    except ArtefactError:
        text = json.dumps(ranking, ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
    return path


def read_ranking(folder: Path, key: str) -> dict[str, Any]:
    """Read a ranking and check that it is what its id says.

    Raises
    ------
    ArtefactError
        It is missing, broken, or was changed.
    """
    path = folder / f"{key}.json"
    try:
        ranking: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        intact = ranking_id(ranking) == key
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ArtefactError(
            f"ranking '{path}' is {'missing' if isinstance(problem, FileNotFoundError) else 'broken'}",
            consequence="it was not shown",
            next_step="dvc checkout --force data/rankings brings back the recorded file, "
            "springboard refresh --force makes it anew",
        ) from None
    if not intact:
        raise ArtefactError(
            f"ranking '{path}' does not match its id: somebody changed it",
            consequence="it was not shown",
            next_step="dvc checkout --force data/rankings brings back the recorded file, "
            "springboard refresh --force makes it anew",
        )
    return ranking
