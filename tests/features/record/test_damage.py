"""Which changed files are damaged ones, and which were made anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.workspaces import Team

from features.artefacts.files import read_arrays, read_arrays_card, write_arrays
from features.record.damage import was_made_anew
from features.record.recorded import Recorded

_Changed = Callable[[str], tuple[Path, Recorded]]


@pytest.fixture
def changed(team: Team, tmp_path: Path) -> _Changed:
    """A file of a folder, and a copy of it where DVC's cache would be."""

    def of(kind: str) -> tuple[Path, Recorded]:
        path = next(team.workspace.folder(kind).glob("[!.]*"))
        cached = tmp_path / "cached"
        shutil.copyfile(path, cached)
        return path, Recorded("", cached)

    return of


def _flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x40
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["esms", "embeddings", "datasets", "rankings"])
@pytest.mark.parametrize("place", [3, -5])
def test_a_flipped_bit_is_damage(changed: _Changed, kind: str, place: int) -> None:
    path, recorded = changed(kind)
    _flip(path, place)
    assert not was_made_anew(path, recorded)


@pytest.mark.parametrize("kind", ["esms", "embeddings", "datasets", "rankings"])
def test_a_file_that_was_cut_is_damage(changed: _Changed, kind: str) -> None:
    path, recorded = changed(kind)
    path.write_bytes(path.read_bytes()[:100])
    assert not was_made_anew(path, recorded)


def test_a_later_card_is_of_a_file_made_anew_and_not_of_another_key(changed: _Changed) -> None:
    path, recorded = changed("esms")
    arrays, card = read_arrays(path), read_arrays_card(path)
    write_arrays(path, arrays, replace(card, made_at="2999-01-01T00:00:00+00:00"))
    assert was_made_anew(path, recorded)
    write_arrays(path, arrays, replace(card, made_at="2999-01-01T00:00:00+00:00", key="another"))
    assert not was_made_anew(path, recorded)


@pytest.mark.parametrize("kind", ["esms", "rankings"])
def test_what_is_whole_stays_where_the_recorded_bytes_are_damaged(changed: _Changed, kind: str) -> None:
    path, recorded = changed(kind)
    recorded.cached.write_bytes(recorded.cached.read_bytes()[:100])
    assert was_made_anew(path, recorded)


def test_a_ranking_of_another_time_is_no_damaged_one(changed: _Changed) -> None:
    path, recorded = changed("rankings")
    text = path.read_text(encoding="utf-8")
    ranking = json.loads(text)
    path.write_text(text.replace(ranking["created_at"], "2001-01-01T00:00:00+00:00"), encoding="utf-8")
    assert was_made_anew(path, recorded)
    path.write_text(text.replace(ranking["target"], "another"), encoding="utf-8")
    assert not was_made_anew(path, recorded)
