"""Publishing by key: what is refused, what two writers at once leave, and what a killed one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_frames import START, embeddings, scores

from features.store import VIEWS, Store, row_keys
from models.errors import BusyError, StoreError

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import numpy as np, polars as pl
from features.store import Store, row_keys

root, sets, rows, locks = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
store = Store.open(str(root / "lance"), lock_dir=root / "locks" / locks)
if locks.startswith("another machine"):
    store._tables.folder = None  # as for an object store: no folder of ours, no lock in common
print("ready", flush=True)
sys.stdin.readline()
for number in range(sets):
    frame = pl.DataFrame({
        "key": row_keys(f"set{number}", range(rows)), "version": "v1", "encoder": "enc", "row": range(rows),
        "vector": np.ones((rows, 4), dtype=np.float32), "label": "x",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    })
    print(store.publish("row_embedding", frame), flush=True)
"""


def writer(root: Path, sets: int, rows: int, locks: str = "one") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(sets), str(rows), locks],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.parametrize("locks", [("one", "one"), ("another machine", "another machine's")])
def test_two_processes_with_the_same_keys_leave_each_key_once(tmp_path: Path, locks: tuple[str, str]) -> None:
    store = Store.open(str(tmp_path / "lance"), lock_dir=tmp_path / "locks")
    store.publish("row_embedding", embeddings("before", n=5_000))  # enough for an index on the keys
    both = [writer(tmp_path, 12, 20, lock) for lock in locks]
    for process in both:
        let_go(process)
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(int(line) for output in outputs for line in output.split()) == 240
    assert store.count("row_embedding") == 5_240
    assert len(store.keys("row_embedding")) == 5_240


def test_a_killed_writer_leaves_whole_calls_and_the_next_completes_them(tmp_path: Path) -> None:
    process = writer(tmp_path, 400, 50)
    let_go(process)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    store = Store.open(str(tmp_path / "lance"), lock_dir=tmp_path / "locks" / "one", lock_timeout=5)
    left = store.count("row_embedding")
    assert left >= 150
    assert left % 50 == 0
    frames = [embeddings(f"set{number}", n=50) for number in range(40)]
    new = sum(store.publish("row_embedding", frame) for frame in frames)
    assert store.count("row_embedding") == left + new
    assert set(pl.concat(frames)["key"]) <= store.keys("row_embedding")
    assert len(store.keys("row_embedding")) == store.count("row_embedding")


def test_publishing_again_stores_nothing_and_makes_no_version(store: Store) -> None:
    rows = embeddings("e1")
    assert store.publish("row_embedding", rows) == 5
    store.tag("before")
    assert store.publish("row_embedding", rows) == 0
    store.tag("after")
    assert store.tags()["before"] == store.tags()["after"]


def test_only_new_keys_of_a_call_go_in_and_the_old_row_stays(store: Store) -> None:
    store.publish("score", scores(("k1", "v1", "s1", 1.0, 0)))
    assert store.publish("score", scores(("k1", "v1", "s1", 9.0, 1), ("k2", "v1", "s2", 2.0, 1))) == 1
    assert store.get("score", ["a"]).sort("key")["score"].to_list() == [1.0, 2.0]


def test_a_key_twice_in_one_call_is_stored_once(store: Store) -> None:
    assert store.publish("score", scores(("k", "v1", "s1", 1.0, 0), ("k", "v1", "s1", 2.0, 0))) == 1
    assert store.get("score", ["a"])["score"].to_list() == [1.0]


def test_keys_are_found_through_the_index_and_behind_it(store: Store) -> None:
    store.publish("row_embedding", embeddings("big", n=9_000))
    table = store._tables.open("row_embedding__4")
    assert table.index_stats("key_idx").num_indexed_rows == 9_000
    store.publish("row_embedding", embeddings("tail", n=10))
    mixed = row_keys("big", [8_999, 9_000]) + row_keys("tail", [9, 10])
    assert store.missing_keys("row_embedding", mixed) == ["big:9000", "tail:10"]
    again = pl.concat([embeddings("big", n=9_000).tail(3), embeddings("tail", n=12)])
    assert store.publish("row_embedding", again) == 2
    assert store.count("row_embedding") == 9_012


def test_the_input_is_not_changed(store: Store) -> None:
    rows = scores(("k", "v1", "s1", 1.0, 0)).drop("stderr")
    before = rows.clone()
    store.publish("score", rows)
    assert rows.equals(before)
    assert rows.columns == before.columns


def test_a_writer_that_waits_too_long_says_so(open_store: Callable[..., Store]) -> None:
    patient, hasty = open_store(), open_store(lock_timeout=0.1)
    with patient.writer(), pytest.raises(BusyError, match="Nothing of this call was stored"):
        hasty.publish("row_embedding", embeddings("e1"))
    assert hasty.count("row_embedding") == 0


def bad_vector(value: float | None) -> pl.DataFrame:
    rows = embeddings("e1")
    vectors = rows["vector"].to_list()
    vectors[2][1] = value
    return rows.with_columns(vector=pl.Series(vectors, dtype=pl.List(pl.Float32)))


def one_score() -> pl.DataFrame:
    return scores(("k", "v1", "s", 1.0, 0))


REFUSED = {
    "nan": ("row_embedding", lambda: bad_vector(float("nan")), "NaN or infinite"),
    "inf": ("row_embedding", lambda: bad_vector(float("inf")), "NaN or infinite"),
    "hole": ("row_embedding", lambda: bad_vector(None), "missing numbers"),
    "ragged": (
        "row_embedding",
        lambda: embeddings("e").with_columns(
            vector=pl.Series([[1.0] * (3 + i % 2) for i in range(5)], dtype=pl.List(pl.Float32))
        ),
        "widths 3, 4",
    ),
    "not vectors": ("row_embedding", lambda: embeddings("e").with_columns(vector=pl.lit(1.0)), "not vectors"),
    "null key": ("score", lambda: one_score().with_columns(key=None), "hold no key"),
    "empty key": ("score", lambda: scores(("", "v1", "s", 1.0, 0)), "key is empty"),
    "score inf": ("score", lambda: scores(("k", "v1", "s", float("-inf"), 0)), "NaN or infinite"),
    "replicate": (
        "score",
        lambda: one_score().with_columns(replicates=[float("nan")]),
        "NaN or infinite",
    ),
    "unknown column": ("score", lambda: one_score().with_columns(x=1), "unknown 'x'"),
    "missing column": ("score", lambda: one_score().drop("score"), "missing score"),
    "type": ("score", lambda: one_score().with_columns(score=pl.lit("a")), "score holds"),
    "naive time": (
        "score",
        lambda: one_score().with_columns(created_at=datetime(2026, 1, 1)),
        "no time zone",
    ),
    "stray row key": (
        "row_embedding",
        lambda: embeddings("e").with_columns(row=pl.col("row") + 1),
        "does not end with its row number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_rows_are_refused_whole(store: Store, case: str) -> None:
    view, make, message = REFUSED[case]
    with pytest.raises(StoreError, match=message) as caught:
        store.publish(view, make())
    assert caught.value.consequence == "nothing of this call was stored"
    assert store.count(view) == 0


def esm(dim: int = 4, rank: int = 2) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": ["m1"], "version": ["v1"], "encoder": ["enc"], "rank": [rank], "strength": [0.1],
            "heldout_error": [0.5], "identity_error": [1.0], "heldout_r2": [0.2], "dim": [dim],
            "u": [np.ones((dim, rank), np.float16).tobytes()],
            "v": [np.ones((dim, rank), np.float16).tobytes()],
            "b": [np.ones(dim, np.float16).tobytes()], "created_at": [START],
        }
    )  # fmt: skip


def test_an_esm_comes_back_to_the_byte(store: Store) -> None:
    assert store.publish("esm", esm()) == 1
    row = store.get("esm", ["a"]).row(0, named=True)
    assert np.frombuffer(row["u"], np.float16).reshape(4, 2).tolist() == [[1, 1]] * 4


@pytest.mark.parametrize(
    ("column", "raw", "message"),
    [
        ("u", np.ones(7, np.float16).tobytes(), "u is not dim x rank"),
        ("b", b"\x00", "b is not dim"),
        ("v", np.full((4, 2), np.inf, np.float16).tobytes(), "v holds 8 NaN or infinite"),
    ],
)
def test_an_esm_with_broken_arrays_is_refused(store: Store, column: str, raw: bytes, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        store.publish("esm", esm().with_columns(pl.lit(raw).alias(column)))


def test_a_centroid_whose_dim_is_not_its_width_is_refused(store: Store) -> None:
    rows = pl.DataFrame(
        {
            "key": "c", "version": "v1", "encoder": "enc", "dim": 5, "rows": 10,
            "centroid": [[1.0] * 4], "created_at": START,
        }
    )  # fmt: skip
    with pytest.raises(StoreError, match="vectors are 4 wide"):
        store.publish("centroid", rows)


def test_an_unknown_view_is_named_with_the_nearest_one(store: Store) -> None:
    with pytest.raises(StoreError, match="did you mean row_embedding"):
        store.publish("row_embeddings", embeddings("e1"))


def test_every_view_has_a_key_a_version_and_a_time() -> None:
    for view in VIEWS.values():
        assert view.columns["key"] == "string"
        assert view.columns["created_at"] == "time"
        assert view.version_column in view.columns
        assert set(view.sub_keys) <= set(view.columns)
        assert view.table(384).isascii()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6, unique=True))
def test_any_text_is_a_key_and_comes_back(store: Store, keys: list[str]) -> None:
    store.publish("score", scores(*((key, "v1", f"s-{key}", 1.0, 0) for key in keys)))
    assert store.missing_keys("score", keys) == []
    assert store.publish("score", scores(*((key, "v1", f"s-{key}", 1.0, 0) for key in keys))) == 0
