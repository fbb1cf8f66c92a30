"""Delimited text as people publish it: every row arrives, in its place, or is counted."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.reading import ReadOptions, read_dataset
from features.reading.formats import read_file
from features.reading.source import SourceFile
from models.errors import SettingsError, UnreadableError
from models.tasks import Task

ROWS = [(f"this is sentence number {n}", "good" if n % 3 else "bad") for n in range(60)]


def _write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def _table(delimiter: str, *, header: bool = True, end: str = "\n") -> str:
    lines = [f"{text}{delimiter}{label}" for text, label in ROWS]
    return end.join([f"text{delimiter}label"] * header + lines) + end


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "^", "~", "\x1f"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end(tmp_path: Path, delimiter: str, end: str) -> None:
    read = read_dataset(_write(tmp_path / "d.csv", _table(delimiter, end=end)))
    assert read.rows.select("text_a", "label").rows() == ROWS
    assert read.origin["delimiter"] == delimiter


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "".join(f"a café in “Genève” {n}\t{label}\n" for n, (_, label) in enumerate(ROWS))
    read = read_dataset(_write(tmp_path / "d.tsv", ("text\tlabel\n" + text).encode(encoding)))
    assert read.rows["text_a"][3] == "a café in “Genève” 3"
    assert read.mapping.text == ("text",)


def test_shift_jis_is_told_from_its_statistics_or_by_word(tmp_path: Path) -> None:
    body = "".join(f"これは良い日本語の文章です。番号は{n}番目です,{n % 2}\n" for n in range(80))
    ref = _write(tmp_path / "d.csv", ("text,label\n" + body).encode("shift_jis"))
    for options in (ReadOptions(), ReadOptions(encoding="shift_jis")):
        assert read_dataset(ref, options).rows["text_a"][7] == "これは良い日本語の文章です。番号は7番目です"


def test_wrong_or_unknown_encoding_is_refused(tmp_path: Path) -> None:
    ref = _write(tmp_path / "d.csv", "text,label\nun café noir,1\nun thé vert,0\n".encode("cp1252"))
    with pytest.raises(UnreadableError, match="not utf-8 text"):
        read_dataset(ref, ReadOptions(encoding="utf-8"))
    with pytest.raises(SettingsError, match="no encoding 'klingon'"):
        read_dataset(ref, ReadOptions(encoding="klingon"))


def test_a_few_broken_bytes_among_utf8_are_replaced_and_told(tmp_path: Path) -> None:
    good = "".join(f"naïve café number {n},{n % 2}\n" for n in range(50)).encode()
    read = read_dataset(_write(tmp_path / "d.csv", b"text,label\n" + good + b"broken \xff here,1\n"))
    assert read.rows["text_a"][0] == "naïve café number 0"
    assert read.rows["text_a"][-1] == "broken � here"
    assert any("1 bytes that are not utf-8" in str(note) for note in read.origin["notes"])  # type: ignore[union-attr]


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    texts = [f'he said "no, {n}",\nand then\r\nleft, twice' for n in range(30)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([("id", "tweet", "class"), *((n, t, n % 3) for n, t in enumerate(texts))])
    read = read_dataset(_write(tmp_path / "d.csv", buffer.getvalue()))
    assert read.rows["text_a"].to_list() == texts
    assert read.mapping.label == "class"


def test_stray_quotes_without_header_swallow_nothing(tmp_path: Path) -> None:
    # Label first, a quote opens in one line and another closes many lines below: the shape of the SMS spam corpus.
    rows = [("spam" if n % 4 == 0 else "ham", f"message number {n} goes here") for n in range(200)]
    rows[20] = ("ham", '"Well, I never closed this')
    rows[21] = ("ham", 'quoted "inside" only')
    rows[90] = ("spam", 'and this one ends in a quote"')
    read = read_dataset(_write(tmp_path / "sms.tsv", "".join(f"{a}\t{b}\n" for a, b in rows)))
    assert read.rows.select("label", "text_a").rows() == rows
    assert (read.origin["header"], read.origin["quoting"]) == (False, False)


def test_rows_of_another_width_are_counted_and_shown_never_shifted(tmp_path: Path) -> None:
    lines = _table(",").splitlines()
    lines[10] = "one, two, three, four,good"
    lines[20] = "no label at all"
    read = read_dataset(_write(tmp_path / "d.csv", "\n".join(lines)))
    unparsed = read.origin["unparsed_rows"]
    assert isinstance(unparsed, dict)
    assert unparsed["count"] == 2
    assert "line 11: 5 fields instead of 2" in str(unparsed["examples"])
    assert set(read.rows["label"]) == {"good", "bad"}
    assert read.rows.height == 58


def test_mostly_unplaceable_rows_are_an_error(tmp_path: Path) -> None:
    ragged = "".join("a," * (n % 7 + 3) + f"{n}\n" for n in range(60))
    with pytest.raises(UnreadableError, match="--delimiter"):
        read_dataset(_write(tmp_path / "d.csv", "text,label\n" + ragged), ReadOptions(delimiter=","))


def test_trailing_delimiters_row_names_blank_lines_and_repeated_headers(tmp_path: Path) -> None:
    trailing = "text|label|\n" + "".join(f"{a}|{b}|\n" for a, b in ROWS)
    assert read_dataset(_write(tmp_path / "a.csv", trailing)).rows.height == 60
    row_names = '"text","label"\n' + "".join(f'"{n}","{a}","{b}"\n' for n, (a, b) in enumerate(ROWS))
    assert read_dataset(_write(tmp_path / "b.csv", row_names)).rows.select("text_a", "label").rows() == ROWS
    twice = _table(",") + "\n\n" + _table(",")
    read = read_dataset(_write(tmp_path / "c.csv", twice))
    assert read.rows.height == 120
    assert "train: 1 repeated header lines were left out" in read.origin["notes"]  # type: ignore[operator]


def test_column_names_lose_their_spaces(tmp_path: Path) -> None:
    body = "".join(f"{n},{text}, {label}\n" for n, (text, label) in enumerate(ROWS))
    read = read_dataset(_write(tmp_path / "d.csv", "Tweet ID, Tweet Text, Informativeness\n" + body))
    assert (read.mapping.text, read.mapping.label) == (("Tweet Text",), "Informativeness")
    assert set(read.rows["label"]) == {"good", "bad"}


def test_null_words_are_missing_but_none_is_a_class(tmp_path: Path) -> None:
    labels = ["favor", "against", "none", "NULL", "NA", "NaN", "", "None"] * 10
    body = "".join(f"a tweet about topic {n}\t{label}\n" for n, label in enumerate(labels))
    ref = _write(tmp_path / "d.tsv", "tweet\tstance\n" + body)
    read = read_dataset(ref)
    assert set(read.rows["label"].drop_nulls()) == {"favor", "against", "none", "None"}
    assert read.origin["missing_labels"] == {"NULL": 10, "NA": 10, "NaN": 10}
    declared = read_dataset(ref, ReadOptions(missing_labels=("None", "none")))
    assert set(declared.rows["label"].drop_nulls()) == {"favor", "against"}


def test_none_among_numbers_is_missing(tmp_path: Path) -> None:
    body = "".join(f"some words {n},{'None' if n % 5 == 0 else n / 7}\n" for n in range(50))
    read = read_dataset(_write(tmp_path / "d.csv", "text,score\n" + body))
    assert read.task is Task.REGRESSION
    assert read.rows["label"].null_count() == 10


def test_header_can_be_told(tmp_path: Path) -> None:
    ref = _write(tmp_path / "d.csv", _table(",", header=False))
    assert read_dataset(ref).rows.height == 60
    assert read_dataset(ref, ReadOptions(header=False)).rows.height == 60


_cell = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf"), include_characters="\n\t"),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.tuples(_cell, st.sampled_from(["x", "y"])), min_size=30, max_size=40),
    delimiter=st.sampled_from([",", "\t", ";"]),
)
def test_what_a_csv_writer_wrote_comes_back(cells: list[tuple[str, str]], delimiter: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("text", "label"), *cells])
    file = SourceFile(Path("d.csv"), buffer.getvalue().encode(), 0, "")
    table = read_file(file, ReadOptions(text=("text",), label="label", delimiter=delimiter))
    assert table.frame.rows() == cells
    assert table.frame.schema == {"text": pl.String, "label": pl.String}
