"""JSON in its shapes, and folders whose files are splits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from features.reading import ReadOptions, read_dataset
from models.errors import MappingError, UnreadableError
from models.tasks import Task

RECORDS = [{"text": f"record number {n} of many", "label": n % 2} for n in range(40)]


def _lines(records: list[dict[str, object]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.jsonl", _lines(RECORDS)),
        ("d.json", _lines(RECORDS)),
        ("d.json", json.dumps(RECORDS, indent=2)),
        ("d.json", json.dumps({"version": 1, "data": RECORDS})),
        (
            "d.json",
            json.dumps({"text": [r["text"] for r in RECORDS], "label": [r["label"] for r in RECORDS]}),
        ),
        ("d.ndjson", "\ufeff" + _lines(RECORDS).replace("\n", "\r\n\r\n")),
    ],
)
def test_json_shapes(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    read = read_dataset(str(tmp_path / name))
    assert read.rows["text_a"].to_list() == [r["text"] for r in RECORDS]
    assert read.rows["label"].to_list() == [str(r["label"]) for r in RECORDS]


def test_broken_lines_are_counted_and_shown(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text(_lines(RECORDS) + '{"text": "cut\n[1, 2]\n' + _lines(RECORDS))
    read = read_dataset(str(tmp_path / "d.jsonl"))
    assert read.rows.height == 80
    unparsed = read.origin["unparsed_rows"]
    assert unparsed == {"count": 2, "examples": ['line 41: {"text": "cut', "line 42: [1, 2]"]}


def test_lists_side_by_side_make_a_row_of_every_item(tmp_path: Path) -> None:
    records: list[dict[str, object]] = [
        {
            "id": n,
            "sentences": [f"sentence {n} {i} here" for i in range(3)],
            "labels": ["aim", "method", "result"],
        }
        for n in range(20)
    ]
    records[4]["labels"] = ["aim"]
    (tmp_path / "d.jsonl").write_text(_lines(records))
    read = read_dataset(str(tmp_path / "d.jsonl"))
    assert read.mapping.text == ("sentences.*",)
    assert read.rows.height == 57
    assert read.rows["position"].to_list() == list(range(57))
    assert read.origin["unparsed_rows"]["count"] == 1  # type: ignore[index,call-overload]
    named = read_dataset(str(tmp_path / "d.jsonl"), ReadOptions(text=("sentences",), label="labels"))
    assert named.rows.equals(read.rows)


def test_inner_lists_repeat_the_outer_text(tmp_path: Path) -> None:
    records: list[dict[str, object]] = [
        {"claim": f"claim {n} stands", "evidences": [{"evidence": f"proof {n}{i}", "verdict": v} for i, v in
                                                     enumerate(("SUPPORTS", "REFUTES"))]}
        for n in range(10)
    ]  # fmt: skip
    (tmp_path / "d.jsonl").write_text(_lines(records))
    options = ReadOptions(text=("claim", "evidences.*.evidence"), label="evidences.*.verdict")
    read = read_dataset(str(tmp_path / "d.jsonl"), options)
    assert read.task is Task.PAIR_CLASSIFICATION
    assert read.rows.select("text_a", "text_b", "label").row(3) == ("claim 1 stands", "proof 11", "REFUTES")
    first = ReadOptions(text=("claim", "evidences.0.evidence"), label="evidences.0.verdict")
    assert set(read_dataset(str(tmp_path / "d.jsonl"), first).rows["label"]) == {"SUPPORTS"}


def test_mixed_types_and_odd_values_survive(tmp_path: Path) -> None:
    lines = ['{"text": "words and words %d", "label": "a"}' % n for n in range(20)]  # noqa: UP031
    lines += ['{"text": 5, "label": 3}', '{"text": "lone \\ud800 half", "label": "a"}', '{"label": "a"}']
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    read = read_dataset(str(tmp_path / "d.jsonl"))
    assert read.rows["text_a"].to_list()[-3:] == ["5", "lone ? half", None]
    assert read.rows["label"].to_list()[-3:] == ["3", "a", "a"]


def _folder(folder: Path, files: dict[str, int], start: int = 0) -> str:
    for name, height in files.items():
        numbers = range(start, start + height)
        frame = pl.DataFrame(
            {"text": [f"{name} text {n}" for n in numbers], "label": [n % 2 for n in numbers]}
        )
        path = folder / name
        frame.write_parquet(path) if name.endswith("parquet") else frame.write_csv(path)
    return str(folder)


@pytest.mark.parametrize(
    "names",
    [
        ("train.csv", "dev.csv", "test.csv"),
        ("Corpus_Train.csv", "Corpus_Val.csv", "english_test_with_labels.csv"),
        ("train.parquet", "validation.csv", "test.parquet"),
    ],
)
def test_folder_of_splits(tmp_path: Path, names: tuple[str, str, str]) -> None:
    ref = _folder(tmp_path, dict(zip(names, (30, 10, 20), strict=True)))
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "raw").mkdir()
    read = read_dataset(ref)
    assert read.origin["rows"] == {"train": 30, "validation": 10, "test": 20}
    assert read.train_split == "train"
    assert read.origin["ignored"] == ["README.md", "raw"]
    train = read.rows.filter(pl.col("split") == "train")
    assert train["position"].to_list() == list(range(30))
    sha = hashlib.sha256((tmp_path / names[0]).read_bytes()).hexdigest()
    assert sha in {file["sha256"] for file in read.origin["files"]}  # type: ignore[union-attr,index,call-overload]


def test_shards_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for part in (2, 10, 1):
        _folder(tmp_path, {f"train-{part}-of-10.parquet": 20}, start=part * 100)
    numbers = [int(text.split()[-1]) for text in read_dataset(str(tmp_path)).rows["text_a"]]
    assert numbers == [*range(100, 120), *range(200, 220), *range(1000, 1020)]


def test_one_file_needs_no_name_and_two_do(tmp_path: Path) -> None:
    assert read_dataset(_folder(tmp_path, {"tickets.csv": 20})).train_split == "train"
    _folder(tmp_path, {"more.csv": 20})
    with pytest.raises(UnreadableError, match="call the files train, validation and test"):
        read_dataset(str(tmp_path))


def test_training_split_by_name(tmp_path: Path) -> None:
    ref = _folder(tmp_path, {"dev.csv": 20, "test.csv": 20})
    with pytest.raises(MappingError, match="--split validation"):
        read_dataset(ref)
    assert read_dataset(ref, ReadOptions(split="dev")).train_split == "validation"
    with pytest.raises(MappingError, match="no split 'holdout'"):
        read_dataset(ref, ReadOptions(split="holdout"))


def test_other_splits_may_lack_labels_but_not_texts(tmp_path: Path) -> None:
    ref = _folder(tmp_path, {"train.csv": 20})
    pl.DataFrame({"text": ["a b c"]}).write_csv(tmp_path / "test.csv")
    pl.DataFrame({"other": ["a b c"], "label": [1]}).write_csv(tmp_path / "dev.csv")
    read = read_dataset(ref)
    assert read.origin["rows"] == {"train": 20, "test": 1}
    assert read.rows.filter(pl.col("split") == "test")["label"].to_list() == [None]
    assert "validation: left out" in str(read.origin["notes"])


def test_a_column_may_name_the_splits(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "text": [f"line {n} of text" for n in range(30)],
            "label": [0, 1] * 15,
            "split": ["train", "dev", "test"] * 10,
        }
    )
    frame.write_csv(tmp_path / "d.csv")
    read = read_dataset(str(tmp_path / "d.csv"))
    assert read.origin["rows"] == {"train": 10, "validation": 10, "test": 10}
    assert read.rows["text_a"][1] == "line 3 of text"


def test_an_empty_folder_and_one_of_folders(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    with pytest.raises(UnreadableError, match=r"sub folders are not looked into \('inner'\)"):
        read_dataset(str(tmp_path))


def test_reading_changes_nothing_and_reports_progress(tmp_path: Path) -> None:
    ref = _folder(tmp_path, {"train.csv": 20, "test.csv": 20})
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    seen: list[tuple[int, int]] = []
    one = read_dataset(ref, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert json.loads(json.dumps(one.origin)) == one.origin
    assert read_dataset(ref).rows.equals(one.rows)
