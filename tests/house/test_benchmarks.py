"""Benchmarks time parts of the product by name; a part that was renamed must not be found out after an hour."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.pool.step import STEPS_OF


@pytest.mark.parametrize("what", STEPS_OF)
def test_the_steps_that_the_pool_benchmark_times_are_there(what: str) -> None:
    for module, names in STEPS_OF[what].items():
        there = vars(importlib.import_module(module))
        assert [name for name in names if not callable(there.get(name))] == []


def test_every_benchmark_can_be_imported() -> None:
    from benchmarks.run import names

    for name in names():
        assert callable(importlib.import_module(f"benchmarks.{name}.measure").measure)
