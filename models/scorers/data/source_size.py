"""How many rows the source has: the baseline that similarity has to beat.

Called DataSize in Vu et al., "Exploring and Predicting Transferability across NLP Tasks", EMNLP 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import ScoringError
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _source_size(inputs: Inputs) -> float:
    rows = int(inputs.given[Need.SOURCE_ROWS])
    if rows < 1:
        raise ScoringError(
            f"the source is said to have {rows} rows",
            consequence="no score was stored",
            next_step="ingest the source again",
        )
    return float(rows)


SCORER = Scorer(
    name="source_size",
    title="Rows of the source",
    paper="Vu et al., 'Exploring and Predicting Transferability across NLP Tasks' (DataSize), EMNLP 2020",
    tasks=frozenset(Task),
    compute=_source_size,
    needs=frozenset({Need.SOURCE_ROWS}),
    cost="cheap",
)
