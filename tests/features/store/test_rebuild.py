"""Rebuilding from files, tags, compaction, and what a broken table says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from store_frames import embeddings, registry, scores

from features.store import VIEWS, Store, rebuild
from features.store.swap import copy_over, discard
from features.store.tables import Tables
from models.errors import BusyError, NamingError, StoreError

FRAMES = [
    ("row_embedding", embeddings("e4", n=30, width=4)),
    ("row_embedding", embeddings("e8", n=10, width=8, encoder="wide")),
    ("score", scores(("k1", "v1", "s1", 1.0, 0), ("k2", "v1", None, 2.0, 1))),
    ("score", scores(("k2", "v1", None, 2.0, 1), ("k3", "v1", "s2", 3.0, 2))),
]


def content(store: Store) -> dict[str, pl.DataFrame]:
    tables = store._tables
    return {name: tables.scan(name).sort("key") for name in tables.names()}


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> bool:
    return one.keys() == other.keys() and all(one[name].equals(other[name]) for name in one)


def filled(store: Store) -> Store:
    for view, rows in FRAMES:
        store.publish(view, rows)
    return store


def test_a_rebuild_gives_the_same_tables_in_any_order(store: Store, tmp_path: Path) -> None:
    before = content(filled(store))
    store.tag("v1.0")
    seen: list[tuple[int, int]] = []
    made = rebuild(
        store.uri,
        FRAMES[::-1],
        lock_dir=tmp_path / "locks",
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert made.rows == {"row_embedding": 40, "score": 3}
    assert made.dropped_tags == ("v1.0",)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert same(content(store), before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lance", "locks"]


def test_a_store_that_is_open_elsewhere_sees_the_rebuilt_one(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    elsewhere = filled(open_store())
    assert elsewhere.count("score") == 3
    rebuild(elsewhere.uri, FRAMES[2:3], lock_dir=tmp_path / "locks")
    assert elsewhere.keys("score") == {"k1", "k2"}
    assert elsewhere.count("row_embedding") == 0
    assert elsewhere.publish("row_embedding", FRAMES[0][1]) == 30


def test_a_rebuild_of_nothing_is_an_empty_store(store: Store, tmp_path: Path) -> None:
    filled(store)
    assert rebuild(store.uri, [], lock_dir=tmp_path / "locks").rows == {}
    assert [store.count(view) for view in VIEWS] == [0] * len(VIEWS)


def broken_frames() -> Iterator[tuple[str, pl.DataFrame]]:
    yield FRAMES[0]
    yield "score", scores(("k", "v1", "s", float("nan"), 0))


def failing_frames() -> Iterator[tuple[str, pl.DataFrame]]:
    yield FRAMES[0]
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("frames", "error"), [(broken_frames, StoreError), (failing_frames, KeyboardInterrupt)]
)
def test_a_failed_rebuild_leaves_the_old_store(
    store: Store,
    tmp_path: Path,
    frames: Callable[[], Iterator[tuple[str, pl.DataFrame]]],
    error: type[BaseException],
) -> None:
    before = content(filled(store))
    with pytest.raises(error):
        rebuild(store.uri, frames(), lock_dir=tmp_path / "locks")
    assert same(content(store), before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lance", "locks"]


def test_a_rebuild_killed_between_its_renames_is_undone_on_opening(store: Store, tmp_path: Path) -> None:
    before = content(filled(store))
    (tmp_path / "lance").rename(tmp_path / "lance.before-rebuild")
    again = Store.open(store.uri, lock_dir=tmp_path / "locks", resolver=registry(("a", "v1", 0)))
    assert same(content(again), before)


def test_a_rebuild_waits_for_the_writer(store: Store, tmp_path: Path) -> None:
    with store.writer(), pytest.raises(BusyError):
        rebuild(store.uri, FRAMES, lock_dir=tmp_path / "locks", lock_timeout=0.1)


def test_where_nothing_can_be_renamed_tables_are_written_over(store: Store, tmp_path: Path) -> None:
    filled(store)
    new = Store.open(str(tmp_path / "new"), lock_dir=tmp_path / "locks")
    new.publish("score", scores(("k9", "v1", "s9", 9.0, 0)))
    copy_over(store._tables, new._tables)
    assert store.keys("score") == {"k9"}
    assert store._tables.names() == ["score"]
    assert store.publish("score", scores(("k9", "v1", "s9", 9.0, 0), ("k1", "v1", "s1", 1.0, 0))) == 1
    key = store._tables.open("score").schema.field("key")
    assert key.metadata[b"lance-schema:unenforced-primary-key"] == b"true"
    discard(new._tables)
    assert not (tmp_path / "new").exists()


def newest_manifest(store: Store, table: str) -> Path:
    # Lance counts manifest names down, so the newest one sorts first.
    return min((Path(store.uri) / f"{table}.lance" / "_versions").glob("*.manifest"))


def test_a_torn_manifest_names_the_table_and_rebuild_cures_it(store: Store, tmp_path: Path) -> None:
    before = content(filled(store))
    newest_manifest(store, "score").write_bytes(b"")
    with pytest.raises(StoreError, match=r"table 'score'.*springboard rebuild"):
        Store.open(store.uri, lock_dir=tmp_path / "locks")
    rebuild(store.uri, FRAMES, lock_dir=tmp_path / "locks")
    assert same(content(Store.open(store.uri, lock_dir=tmp_path / "locks")), before)


def test_a_lost_data_file_names_the_table(store: Store) -> None:
    filled(store)
    for file in (Path(store.uri) / "score.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(StoreError, match=r"table 'score'.*springboard rebuild"):
        store.get("score", ["a"])


def test_a_table_of_another_layout_is_left_alone(store: Store, tmp_path: Path) -> None:
    tables = Tables(store.uri)
    tables.db.create_table("score", data=[{"key": "k"}])
    with pytest.raises(StoreError, match=r"table 'score'.*layout"):
        Store.open(store.uri, lock_dir=tmp_path / "locks")


def test_tags_hold_their_version_through_compaction(store: Store) -> None:
    filled(store)
    store.tag("v1.0")
    tagged = store.tags()["v1.0"]["score"]
    store.publish("score", scores(("k9", "v1", "s9", 9.0, 0)))
    done = store.optimize(timedelta(0))
    assert set(done.values()) == {"kept for tag v1.0"}
    table = store._tables.open("score")
    table.checkout(tagged)
    assert table.count_rows() == 3
    store.untag("v1.0")
    assert store.tags() == {}
    with pytest.warns(UserWarning, match="older_than"):
        assert set(store.optimize(timedelta(0)).values()) == {"cleaned"}
    assert store.count("score") == 4


@pytest.mark.parametrize("name", ["", "a/b", "../x", "é", "x y", "'; --", "x" * 101])
def test_a_name_that_cannot_be_a_tag_is_refused(store: Store, name: str) -> None:
    filled(store)
    with pytest.raises(NamingError, match="cannot be named"):
        store.tag(name)
    assert store.tags() == {}


def test_a_tag_is_made_once_and_taken_off_once(store: Store) -> None:
    filled(store)
    store.tag("v1.0")
    with pytest.raises(NamingError, match="already"):
        store.tag("v1.0")
    store.untag("v1.0")
    with pytest.raises(NamingError, match="no tag"):
        store.untag("v1.0")
