"""Each matrix has tables of its own."""

from __future__ import annotations

from benchmarks.transfer.chosen import TRAINING_ROWS, stem
from benchmarks.transfer.matrix import truth_table


def test_the_usual_number_of_rows_has_the_plain_name() -> None:
    assert stem("minilm") == stem("minilm", TRAINING_ROWS) == "minilm"
    assert truth_table("minilm").path.name == "minilm.csv"


def test_another_number_of_rows_has_a_table_of_its_own() -> None:
    # `springboard evaluate` refuses a table in which a pair and seed stand twice.
    assert truth_table("mpnet", 400).path.name == f"{stem('mpnet', 400)}.csv" == "mpnet_400.csv"
