from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError
from models.scorers import Need, get_scorer
from models.tasks import Task


def _score(gains: Any) -> float:
    given = {Need.PAST_GAINS: gains}
    return get_scorer("source_popularity").score(None, ["a", "b"], Task.CLASSIFICATION, given=given)


def test_it_is_the_mean_gain() -> None:
    assert _score([1.0, -0.5, 2.5]) == 1
    assert _score(np.array([-2.0])) == -2


def test_until_there_are_results_it_says_so_and_what_to_do() -> None:
    with pytest.raises(ScoringError, match=r"no transfer results .* are recorded yet.*Next: fine-tune"):
        _score([])


def test_a_gain_that_is_no_number_is_not_averaged() -> None:
    with pytest.raises(ScoringError, match="1 of 2 recorded gains are not finite"):
        _score([0.5, np.nan])
