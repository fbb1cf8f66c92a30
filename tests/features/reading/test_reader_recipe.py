"""docs/recipes/adding-a-reader.md, followed: a made-up format of blocks, from a file to canonical rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from features.reading import ReadOptions, read_dataset
from features.reading.encodings import decode
from features.reading.formats import FORMATS, Format, register
from features.reading.source import SourceFile
from features.reading.table import Table, Unparsed
from models.errors import UnreadableError


def _read(file: SourceFile, options: ReadOptions) -> Table:
    text = decode(file.data, options.encoding, str(file.path)).text
    unparsed, rows = Unparsed(), []
    for number, block in enumerate(text.strip().split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if set(fields) == {"say", "mood"}:
            rows.append(fields)
        else:
            unparsed.add(f"block {number}", block)
    if not rows:
        raise UnreadableError("No blocks", consequence="nothing was read", next_step="write some")
    return Table(frame=pl.DataFrame(rows), untyped=True, details={"format": "blocks"}, unparsed=unparsed)


@pytest.fixture
def blocks() -> Iterator[Format]:
    made_up = Format("blocks", (".blocks",), frozenset({"text"}), _read)
    register(made_up)
    yield made_up
    del FORMATS[".blocks"]


def test_a_new_format_is_one_file_and_one_line(blocks: Format, tmp_path: Path) -> None:
    good = [f"say: these are words {n}\nmood: {'glum' if n % 2 else 'fine'}" for n in range(30)]
    (tmp_path / "train.blocks").write_text("\n\n".join([*good[:5], "say: half a block", *good[5:]]))
    (tmp_path / "test.blocks").write_text("\n\n".join(good[:3]))
    read = read_dataset(str(tmp_path))
    assert (read.mapping.text, read.mapping.label) == (("say",), "mood")
    assert read.origin["rows"] == {"test": 3, "train": 30}
    assert read.origin["format"] == "blocks"
    assert read.origin["unparsed_rows"] == {"count": 1, "examples": ["block 5: say: half a block"]}


def test_another_content_under_its_name_is_refused(blocks: Format, tmp_path: Path) -> None:
    (tmp_path / "d.blocks").write_bytes(b"%PDF-1.7")
    with pytest.raises(UnreadableError, match="is blocks by its name, but its content is a PDF"):
        read_dataset(str(tmp_path / "d.blocks"))


def test_a_suffix_belongs_to_one_format(blocks: Format) -> None:
    with pytest.raises(ValueError, match=r"\.csv belongs to"):
        register(Format("mine", (".csv",), frozenset({"text"}), _read))
