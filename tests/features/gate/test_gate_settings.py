from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from features.gate import RULES, GateSettings, default_params


def test_an_empty_mapping_is_complete() -> None:
    settings = GateSettings()
    assert set(settings.source) == set(settings.target) == set(RULES)
    assert all(
        setting["severity"] in ("stop", "warning", "off") for setting in settings.rules("target").values()
    )


def test_default_params_survive_yaml_and_mean_the_default() -> None:
    params = yaml.safe_load(yaml.safe_dump(default_params()))
    assert GateSettings(**params) == GateSettings()


def test_one_parameter_can_be_changed_alone() -> None:
    settings = GateSettings(source={"row_count": {"min_rows": 5}})
    assert settings.source["row_count"] == {"severity": "stop", "min_rows": 5}
    assert settings.target["row_count"]["min_rows"] == 20


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source": {"row_cout": {}}}, "did you mean 'row_count'"),
        ({"source": {"row_count": {"minimum": 3}}}, "has no 'minimum'"),
        ({"target": {"row_count": {"severity": "fatal"}}}, "must be one of stop, warning, off"),
        ({"target": {"row_count": {"min_rows": "many"}}}, "must be a number"),
        ({"target": {"row_count": {"min_rows": 2.5}}}, "must be a whole number"),
        ({"target": {"row_count": {"min_rows": True}}}, "must be a number"),
        ({"target": {"row_count": {"min_rows": -1}}}, "must not be negative"),
        ({"source": {"refused_share": {"max_share": 50}}}, "between 0 and 1"),
        ({"artefacts": {"finte": {}}}, "did you mean 'finite'"),
        ({"sources": {}}, "Extra inputs are not permitted"),
        ({"keep_pages": 0}, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(given, said) -> None:
    with pytest.raises(ValidationError, match=said):
        GateSettings(**given)
