"""What a rule is: one question, asked twice.

Great Expectations states the rule and shows it in the Data Docs; a polars mask beside it splits the good rows
from the bad. A rule that no stock expectation can state gets a helper column, computed in pandas here and
independently in polars there, so that the test holding both against each other can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from models.tasks import Task

__all__ = ["DatasetRule", "Params", "RowRule", "Severity", "always", "text_columns"]

Severity = Literal["stop", "warning", "off"]
Params = Mapping[str, Any]
Helper = Callable[["pd.DataFrame", "Task", Params], dict[str, "pd.Series[Any]"]]
Expectations = Callable[["Task", Params], Sequence[Any]]


def always(task: Task, params: Params) -> bool:
    """Apply to every task, whatever the parameters."""
    del task, params
    return True


def text_columns(task: Task) -> tuple[str, ...]:
    """Return the canonical text columns a row of this task fills."""
    return ("text_a", "text_b") if task.is_pair else ("text_a",)


def _no_helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    del frame, task, params
    return {}


@dataclass(frozen=True)
class RowRule:
    """A rule about single rows: "stop" sends the row to quarantine, "warning" reports it and lets it pass.

    Attributes
    ----------
    name
        The rule's key in ``params.yaml``.
    reason
        Why a row is refused, for people; may hold ``{parameter}`` fields.
    mask
        Polars expression, True for a good row; never null.
    expectations
        The same rule as Great Expectations' expectations. A row is bad when any of them refuses it.
    helper
        Extra pandas columns the expectations look at; they may see ``row_id`` and the canonical columns.
    applies
        Whether the rule means anything for a task and these parameters.
    severity
        The default, by role.
    params
        The rule's parameters and their defaults.
    level
        Always "row".
    """

    name: str
    reason: str
    mask: Callable[[Task, Params], pl.Expr]
    expectations: Expectations
    helper: Helper = _no_helper
    applies: Callable[[Task, Params], bool] = always
    severity: Mapping[str, Severity] = field(default_factory=lambda: {"source": "stop", "target": "stop"})
    params: Params = field(default_factory=dict)
    level: Literal["row"] = "row"


@dataclass(frozen=True)
class DatasetRule:
    """A rule about the rows together: "stop" refuses the whole dataset.

    Attributes
    ----------
    name, expectations, helper, applies, severity, params
        As in :class:`RowRule`.
    reason
        Why the dataset is refused; may hold ``{parameter}`` fields and ``{seen}``, what was measured.
    verdict
        From the rows, whether the dataset is good, and what was measured.
    over
        "accepted": the rule sees the rows that survived the row rules. "all": it sees every row, with a
        column ``refused`` telling which did not.
    level
        Always "dataset".
    """

    name: str
    reason: str
    verdict: Callable[[pl.DataFrame, Task, Params], tuple[bool, str]]
    expectations: Expectations
    helper: Helper = _no_helper
    applies: Callable[[Task, Params], bool] = always
    severity: Mapping[str, Severity] = field(default_factory=lambda: {"source": "stop", "target": "stop"})
    params: Params = field(default_factory=dict)
    over: Literal["accepted", "all"] = "accepted"
    level: Literal["dataset"] = "dataset"
