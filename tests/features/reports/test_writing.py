from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from features.reports.remembered import Remembered
from features.reports.writing import MANIFEST, Page, Written, write_pages

NAME = "a-0123456789ab"


class Maker:
    """Pages of one text each, counting how often each is made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def page(self, path: str, text: str) -> Page:
        def make() -> dict[str, bytes]:
            self.made.append(path)
            if text == "broken":
                raise RuntimeError
            return {"html": text.encode(), "json": b"{}"}

        return Page(path, text, make)

    def write(self, out: Path, **texts: str) -> Written:
        pages = [self.page(path.replace("__", "/").replace("_", "-"), text) for path, text in texts.items()]
        return write_pages(out, pages, last="index", swept=["targets"])


@pytest.fixture
def maker() -> Maker:
    return Maker()


def test_only_what_has_another_key_is_made_and_only_other_bytes_are_written(
    tmp_path: Path, maker: Maker
) -> None:
    first = maker.write(tmp_path, one="1", two="2", index="i")
    assert (first.page, first.written, first.same, first.removed) == (tmp_path / "index.html", 6, 0, 0)
    before = (tmp_path / "two.html").stat().st_mtime_ns
    second = maker.write(tmp_path, one="other", two="2", index="i")
    assert maker.made == ["one", "two", "index", "one"]
    assert (second.written, second.same) == (1, 5)  # one.json has the bytes it had
    assert (tmp_path / "one.html").read_text() == "other"
    assert (tmp_path / "two.html").stat().st_mtime_ns == before


@pytest.mark.parametrize("harm", ["gone", "edited", "manifest"])
def test_what_somebody_else_touched_is_made_again(tmp_path: Path, maker: Maker, harm: str) -> None:
    maker.write(tmp_path, one="1", index="i")
    if harm == "gone":
        (tmp_path / "one.html").unlink()
    elif harm == "edited":
        (tmp_path / "one.html").write_text("2")
        os.utime(tmp_path / "one.html", (1, 1))
    else:
        (tmp_path / MANIFEST).write_text('{"one": 3, "index": [1')
    maker.write(tmp_path, one="1", index="i")
    assert maker.made.count("one") == 2
    assert (tmp_path / "one.html").read_text() == "1"


def test_a_page_that_cannot_be_made_leaves_all_as_it_was(tmp_path: Path, maker: Maker) -> None:
    maker.write(tmp_path, one="1", index="i")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError):
        maker.write(tmp_path, one="new", two="broken", index="new")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_that_died_while_renaming_is_made_good(
    tmp_path: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.write(tmp_path, one="1", two="2", index="i")
    replace = os.replace

    def dies(source: Path, place: Path) -> None:
        if place.name == "two.html":
            raise KeyboardInterrupt
        replace(source, place)

    with monkeypatch.context() as patch:
        patch.setattr("features.reports.writing.os.replace", dies)
        with pytest.raises(KeyboardInterrupt):
            maker.write(tmp_path, one="11", two="22", index="ii")
    # What it was about to write is not taken for written, even where the old state comes back.
    assert "one" not in json.loads((tmp_path / MANIFEST).read_text())
    maker.write(tmp_path, one="1", two="2", index="i")
    assert [(tmp_path / f"{name}.html").read_text() for name in ("one", "two", "index")] == ["1", "2", "i"]


def test_old_pages_and_leftovers_go_and_what_is_not_ours_stays(tmp_path: Path, maker: Maker) -> None:
    maker.write(tmp_path, **{f"targets__{NAME.replace('-', '_')}": "1", "index": "i"})
    (tmp_path / "targets" / "notes.html").write_text("mine")
    old, young = tmp_path / ".writing-old", tmp_path / ".writing-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (1, 1))
    assert maker.write(tmp_path, index="i").removed == 2
    assert [path.name for path in (tmp_path / "targets").iterdir()] == ["notes.html"]
    assert (old.exists(), young.exists()) == (False, True)


def test_what_is_remembered_is_asked_once_and_forgotten_when_nobody_asks(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    asked: list[str] = []

    def make() -> list[str]:
        asked.append("x")
        return ["value"]

    for _ in range(2):
        one = Remembered(path)
        assert one.get("a", make) == one.get("a", make) == ["value"]
        one.save()
    assert asked == ["x"]
    other = Remembered(path)
    other.get("b", make)
    other.save()
    assert set(json.loads(path.read_text())["values"]) == {"b"}
    path.write_text("{")
    assert Remembered(path).get("b", lambda: 1) == 1


def test_what_could_not_be_made_is_not_remembered(tmp_path: Path) -> None:
    one = Remembered(tmp_path / "kept.json")
    with pytest.raises(ZeroDivisionError):
        one.get("a", lambda: 1 / 0)
    assert one.get("a", lambda: 2.0) == 2.0
