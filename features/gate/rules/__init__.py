"""The rules of the gate, in the order they are asked: a row carries the first one that refused it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from features.gate.rules import (
    blank_text,
    conflicting_labels,
    constant_label,
    duplicate_row,
    encoding_debris,
    identical_sides,
    label_range,
    long_text,
    majority_share,
    markup_only,
    missing_label,
    missing_second_text,
    missing_text,
    non_finite_label,
    rare_class,
    refused_share,
    row_count,
    short_text,
    single_class,
    too_many_classes,
    wordless_text,
)
from features.gate.rules.base import DatasetRule, Params, RowRule, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "DatasetRule", "Params", "RowRule", "Severity"]

_MODULES = (
    missing_text,
    missing_second_text,
    blank_text,
    missing_label,
    non_finite_label,
    label_range,
    encoding_debris,
    long_text,
    short_text,
    markup_only,
    wordless_text,
    identical_sides,
    conflicting_labels,
    duplicate_row,
    rare_class,
    refused_share,
    row_count,
    single_class,
    constant_label,
    majority_share,
    too_many_classes,
)

_RULES: dict[str, RowRule | DatasetRule] = {module.RULE.name: module.RULE for module in _MODULES}

RULES: Mapping[str, RowRule | DatasetRule] = MappingProxyType(_RULES)
"""Every rule by name."""
