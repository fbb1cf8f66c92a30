"""The methods there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from models.calibration.mixed import fit_mixed
from models.calibration.regression import fit_linear, fit_quantile
from models.calibration.simple import fit_isotonic, fit_mean

if TYPE_CHECKING:
    from models.calibration.band import Method

__all__ = ["DEFAULT_METHOD", "METHODS"]

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "mean": fit_mean,
        "isotonic": fit_isotonic,
        "linear": fit_linear,
        "quantile": fit_quantile,
        "mixed": fit_mixed,
    }
)

DEFAULT_METHOD = "mixed"
