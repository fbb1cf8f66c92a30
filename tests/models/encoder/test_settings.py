from __future__ import annotations

import pytest

from models.encoder import EncoderSettings
from models.errors import SettingsError


@pytest.mark.parametrize(
    ("field", "value"),
    [("pooling", "max"), ("max_length", 2), ("max_length", 12.5), ("batch_size", 0), ("ref", " ")],
)
def test_unusable_values_are_refused_by_name(field: str, value: object) -> None:
    fields = {"ref": "somewhere", field: value}
    with pytest.raises(SettingsError, match=f"encoder {field} is"):
        EncoderSettings(**fields)  # type: ignore[arg-type]
