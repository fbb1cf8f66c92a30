"""A file that is not what its name says is refused, and the message says what it really is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from features.reading import ReadOptions, read_dataset
from models.errors import ReadError, UnknownReferenceError, UnreadableError

FRAME = pl.DataFrame({"text": [f"some words number {n}" for n in range(40)], "label": ["a", "b"] * 20})


def _parquet() -> bytes:
    buffer = io.BytesIO()
    FRAME.write_parquet(buffer)
    return buffer.getvalue()


def _zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("d.csv", _parquet(), "a parquet file"),
        ("d.csv", _zip("a.csv"), "a zip archive"),
        ("d.csv", _zip("xl/workbook.xml"), "an Excel workbook"),
        ("d.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "a PNG picture"),
        ("d.tsv", b"%PDF-1.7\n" + bytes(50), "a PDF document"),
        ("d.csv", b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        ("d.csv", b"<?xml version='1.0'?><rows/>", "XML"),
        ("d.csv", bytes(range(256)) * 20, "binary data"),
        ("d.csv", bytes(100), "binary data"),
        ("d.csv", pickle.dumps(FRAME.to_dict(as_series=False)), "pickle, which is never opened"),
        ("d.csv", gzip.compress(b"text,label\n"), "a gzip archive"),
        ("d.csv", b'{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n', "JSON"),
        ("d.jsonl", FRAME.write_csv().encode(), "plain or delimited text"),
        ("d.parquet", FRAME.write_csv().encode(), "plain or delimited text"),
        ("d.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        ("d.xml", b"<?xml version='1.0'?><rows/>", "XML"),
        ("d.csv", b"", "is empty"),
        ("d.csv", b"\xef\xbb\xbf \n \n", "is empty"),
        ("d.parquet", b"", "is empty"),
        ("d.parquet", _parquet()[:-20], "cut short"),
        ("d.parquet", b"PAR1" + bytes(30) + b"PAR1", "is broken"),
        ("d.csv.gz", gzip.compress(FRAME.write_csv().encode())[:-30], "broken or cut short"),
        ("d.csv.gz", FRAME.write_csv().encode(), "its name says gzip"),
        ("d.jsonl", b'{"text": "a"}\n' + b"oops\n" * 5, "no JSON objects"),
        ("d.json", b'[{"a": 1}, 3]', "no rows"),
    ],
    # The content is no name for a case: an archive holds the time it was packed at, and two workers
    # of pytest-xdist would collect different tests.
    ids=lambda value: "" if isinstance(value, bytes) else None,
)  # fmt: skip
def test_refused_with_what_it_is(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read_dataset(str(tmp_path / name))
    message = str(caught.value)
    assert says in message or says in caught.value.next_step
    assert name in message
    assert "Nothing was read. Next: " in message


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_files_are_unpacked(tmp_path: Path, suffix: str) -> None:
    plain = FRAME.write_csv().encode()
    packed = {
        ".gz": gzip.compress(plain),
        ".bz2": bz2.compress(plain),
        ".xz": lzma.compress(plain),
        ".zst": pa.compress(plain, codec="zstd", asbytes=True),
    }[suffix]
    (tmp_path / f"d.csv{suffix}").write_bytes(packed)
    read = read_dataset(str(tmp_path / f"d.csv{suffix}"))
    assert read.rows["text_a"].to_list() == FRAME["text"].to_list()
    assert read.origin["files"][0]["size"] == len(packed)  # type: ignore[index,call-overload]


def test_an_unknown_suffix_is_read_by_content(tmp_path: Path) -> None:
    (tmp_path / "table.dat").write_bytes(_parquet())
    assert read_dataset(str(tmp_path / "table.dat")).origin["format"] == "parquet"


@pytest.mark.parametrize(
    "ref", ["missing.csv", "./nowhere", "/no/such/folder", "a/b/c", "", "x\x00y", "é/ü", "y" * 5000]
)
def test_what_is_not_there(ref: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        read_dataset(ref)
    assert len(str(caught.value)) < 700


def test_a_misspelt_file_gets_a_suggestion(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "reviews.csv")
    with pytest.raises(UnknownReferenceError, match=r"did you mean .*reviews\.csv"):
        read_dataset(str(tmp_path / "review.csv"))


def test_hostile_names_do_no_harm_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "[red]\x1b[31mx\u202e.csv"
    path.write_bytes(b"%PDF-")
    with pytest.raises(ReadError) as caught:
        read_dataset(str(path))
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


def test_a_device_is_no_file() -> None:
    with pytest.raises(UnreadableError, match="no plain file"):
        read_dataset("/dev/zero", ReadOptions())
