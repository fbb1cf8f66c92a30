"""Each matrix has tables of its own, and they survive being stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.transfer.chosen import TRAINING_ROWS, stem
from benchmarks.transfer.matrix import truth_table
from benchmarks.transfer.table import GrowingTable


def test_the_usual_number_of_rows_has_the_plain_name() -> None:
    assert stem("minilm") == stem("minilm", TRAINING_ROWS) == "minilm"
    assert truth_table("minilm").path.name == "minilm.csv"


def test_another_number_of_rows_has_a_table_of_its_own() -> None:
    # `springboard evaluate` refuses a table in which a pair and seed stand twice.
    assert truth_table("mpnet", 400).path.name == f"{stem('mpnet', 400)}.csv" == "mpnet_400.csv"


@pytest.mark.parametrize("half", ["b,2", "b,2,0.6", 'b,"2'])
def test_half_a_row_is_no_row_and_makes_way(
    tmp_path: Path, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = GrowingTable(tmp_path / "t.csv", ("source", "seed", "score"), ("source", "seed"))
    table.append({"source": "a", "seed": 1, "score": 0.5})
    whole = table.path.read_bytes()
    table.path.write_bytes(whole + half.encode())
    # With all its commas it may still lack digits.
    assert table.keys() == {("a", "1")}
    written = []
    monkeypatch.setattr(Path, "write_bytes", lambda path, data: written.append(path))
    table.append({"source": "b", "seed": 2, "score": 0.625})
    assert table.path.read_bytes() == whole + b"b,2,0.625\n"
    assert not written  # Never all of it anew: stopped halfway, that would lose what is there.


def test_half_a_header_is_no_table(tmp_path: Path) -> None:
    table = GrowingTable(tmp_path / "t.csv", ("source", "seed"), ("source",))
    table.path.write_text("source,se")
    assert table.read() == []
    table.append({"source": "a", "seed": 1})
    assert table.path.read_text() == "source,seed\na,1\n"
