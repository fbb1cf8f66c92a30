from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.artefacts.cards import Card
from features.artefacts.files import (
    read_arrays,
    read_arrays_card,
    read_table,
    read_table_card,
    remove_leftovers,
    write_arrays,
    write_table,
    write_whole,
)
from models.errors import ArtefactError

CARD = Card("esm", "k" * 32, {"dataset": "v"}, {"rank": 4}, {"name": "</script> [red]ünïcode"})


def _arrays(path: Path) -> Path:
    write_arrays(path, {"u": np.arange(600.0).reshape(30, 20).T, "n": np.array([1, 2])}, CARD)
    return path


def _table(path: Path) -> Path:
    write_table(path, pl.DataFrame({"text": ["a", None], "label": ["x", "y"]}), CARD)
    return path


def test_arrays_and_their_card_come_back(tmp_path: Path) -> None:
    path = _arrays(tmp_path / "deep" / "a.safetensors")
    arrays = read_arrays(path)
    np.testing.assert_array_equal(arrays["u"], np.arange(600.0).reshape(30, 20).T)
    assert read_arrays_card(path) == CARD
    assert [one.name for one in path.parent.iterdir()] == ["a.safetensors"]


def test_a_table_and_its_card_come_back(tmp_path: Path) -> None:
    path = _table(tmp_path / "t.parquet")
    assert read_table(path).to_dict(as_series=False) == {"text": ["a", None], "label": ["x", "y"]}
    assert read_table_card(path) == CARD


def test_a_card_of_a_newer_version_is_still_read() -> None:
    text = CARD.to_json().replace('"kind"', '"came_later": 5, "kind"')
    assert Card.from_json(text) == CARD


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.999])
def test_a_truncated_file_names_itself_and_the_way_back(tmp_path: Path, share: float) -> None:
    for path, read in (
        (_arrays(tmp_path / "esms" / "a.safetensors"), read_arrays),
        (_table(tmp_path / "datasets" / "t.parquet"), read_table),
    ):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ArtefactError, match=path.name) as caught:
            read(path)
        assert "dvc checkout" in caught.value.next_step
        assert "springboard" in caught.value.next_step


@pytest.mark.parametrize("reader", [read_arrays, read_arrays_card, read_table, read_table_card])
def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, reader: object) -> None:
    with pytest.raises(ArtefactError, match="is missing"):
        reader(tmp_path / "none")  # type: ignore[operator]


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 8, b"\x05" + b"\x00" * 7 + b"[1,2]", b"\x04" + b"\x00" * 7 + b"null"]
)
def test_a_header_that_is_none_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    for read in (read_arrays, read_arrays_card):
        with pytest.raises(ArtefactError, match="unreadable"):
            read(path)


def test_a_file_without_a_card_is_not_one_of_ours(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"u": np.zeros(3)}, tmp_path / "a.safetensors")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(ArtefactError):
        read_arrays_card(tmp_path / "a.safetensors")
    with pytest.raises(ArtefactError):
        read_table_card(tmp_path / "t.parquet")


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = _arrays(tmp_path / "a.safetensors")
    before = path.read_bytes()

    def fails(part: Path) -> None:
        part.write_bytes(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(path, fails)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_leftovers_go_once_nobody_can_be_writing_them(tmp_path: Path) -> None:
    old, young, whole = tmp_path / ".a.1.part", tmp_path / ".b.2.part", tmp_path / "c.part"
    for path in (old, young, whole):
        path.write_bytes(b"x")
    long_ago = time.time() - 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(whole, (long_ago, long_ago))
    assert remove_leftovers(tmp_path) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == [".b.2.part", "c.part"]
    assert remove_leftovers(tmp_path, older_than=0) == 1
