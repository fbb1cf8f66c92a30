from __future__ import annotations

import json

import polars as pl
import pytest

from features.gate import GateSettings, read_refused_rows, refusal_record, run_gate, write_refused_rows
from models.errors import ArtefactError
from models.tasks import Task


def report(n=40, bad=2, task=Task.CLASSIFICATION):
    label = [float(i % 7) if task.is_regression else "ab"[i % 2] for i in range(n)]
    rows = pl.DataFrame(
        {
            "split": ["train"] * n,
            "position": range(n),
            "text_a": [None if i < bad else f"sentence {i}" for i in range(n)],
            "text_b": pl.Series([None] * n, dtype=pl.String),
            "label": label,
        }
    )
    return run_gate(rows, task, role="source", name="mine", settings=GateSettings())


def write(folder, rep, name="mine"):
    return write_refused_rows(folder, rep, name=name, role="source", version_hint="v1")


def test_refused_rows_come_back_with_their_reason(tmp_path) -> None:
    path = write(tmp_path / "q", report())
    back = read_refused_rows(tmp_path / "q")
    assert back["position"].to_list() == [0, 1]
    assert set(back["rule"]) == {"missing_text"}
    assert back.select("name", "role", "version_hint", "file").row(0) == ("mine", "source", "v1", path.name)


def test_nothing_refused_writes_nothing(tmp_path) -> None:
    assert write(tmp_path / "q", report(bad=0)) is None
    assert not (tmp_path / "q").exists()
    assert read_refused_rows(tmp_path / "q").is_empty()


def test_the_same_refusals_make_the_same_file_and_others_another(tmp_path) -> None:
    first = write(tmp_path, report())
    before = first.stat().st_mtime_ns
    assert write(tmp_path, report()) == first
    assert first.stat().st_mtime_ns == before
    assert len({first, write(tmp_path, report(bad=1)), write(tmp_path, report(), "other")}) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_refused_dataset_keeps_all_its_rows(tmp_path) -> None:
    rep = report(n=5)
    assert rep.stopped
    write(tmp_path, rep)
    back = read_refused_rows(tmp_path)
    assert sorted(back["position"]) == [0, 1, 2, 3, 4]
    assert back.filter(rule="dataset")["reason"].unique().to_list() == ["; ".join(rep.reasons)]


def test_tasks_share_one_quarantine(tmp_path) -> None:
    write(tmp_path, report())
    write(tmp_path, report(task=Task.REGRESSION))
    assert read_refused_rows(tmp_path).height == 4


def test_a_hostile_name_is_data(tmp_path) -> None:
    path = write(tmp_path / "q", report(), "../../<b>")
    assert path.parent == tmp_path / "q"
    assert read_refused_rows(tmp_path / "q")["name"][0] == "../../<b>"


def test_a_broken_file_is_named_with_the_way_out(tmp_path) -> None:
    path = write(tmp_path, report())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtefactError, match=rf"{path.stem}.*Next:"):
        read_refused_rows(tmp_path)


def test_a_parquet_of_somebody_else_is_refused(tmp_path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(ArtefactError):
        read_refused_rows(tmp_path)


def test_the_record_is_json_and_repeatable() -> None:
    records = [refusal_record(report(n=5), "mine", "source", "org/data") for _ in range(2)]
    assert records[0] == records[1] == json.loads(json.dumps(records[0]))
    assert records[0]["stopped"]
    assert records[0]["refused_by_rule"] == {"missing_text": 2}
