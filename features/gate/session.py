"""Great Expectations behind one small door: a pandas frame and expectations in, results out.

This is the only place, with the rules' helpers, where pandas is met. The import takes seconds, so it happens
at the first call; the context is ephemeral, lives as long as the process and serves one thread at a time.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["bad_rows", "pandas_frame", "validate"]

_LOCK = threading.RLock()


def validate(frame: pd.DataFrame, expectations: Sequence[Any]) -> list[Any]:
    """Validate a frame.

    Parameters
    ----------
    frame
        The rows, with a column ``row_id``.
    expectations
        Great Expectations expectations; their ``meta`` comes back with the results.

    Returns
    -------
    list
        One ``ExpectationValidationResult`` per expectation, in the order given.
    """
    with _LOCK:
        gx, definition = _session()
        for number, expectation in enumerate(expectations):
            expectation.meta = {**(expectation.meta or {}), "number": number}
        suite = gx.ExpectationSuite(name="gate", expectations=list(expectations))
        outcome = definition.get_batch(batch_parameters={"dataframe": frame}).validate(
            suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]}
        )
        return sorted(outcome.results, key=lambda result: int(result.expectation_config.meta["number"]))


def bad_rows(result: Any) -> set[int]:
    """Return the ``row_id`` of every row a result refuses."""
    return {int(row["row_id"]) for row in result.result.get("unexpected_index_list") or ()}


def pandas_frame(columns: dict[str, Sequence[Any]]) -> pd.DataFrame:
    """Build the frame: texts as plain objects, so that None stays None and pandas guesses nothing."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=object if name in _TEXTS else None)
            for name, values in columns.items()
        }
    )


_TEXTS = ("split", "text_a", "text_b", "label_shown")


@lru_cache(maxsize=1)
def _session() -> tuple[Any, Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import
    import great_expectations as gx
    from great_expectations.data_context.types import base

    # It tells of every temporary folder it makes, at a level that it sets for itself when it is imported.
    base.logger.setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = base.ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("springboard").add_dataframe_asset("rows")
    return gx, asset.add_batch_definition_whole_dataframe("all")
