"""Reading by name, version and time; nearest vectors; names that would break a query were they ever SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from store_frames import START, embeddings, registry, scores

from features.store import Store
from models.errors import NamingError, SettingsError, StoreError

HOSTILE = [
    "'; DROP TABLE score; --",
    "' OR '1'='1",
    'a"b`c',
    "<script>alert(1)</script>",
    "[/red]",
    "ünï\u202ecode 漢字",
    "back\\slash\\'",
    "new\nline\x00nul",
    "%_%",
    "x" * 300,
]


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def test_rows_created_later_are_unseen_and_the_latest_seen_counts(store: Store) -> None:
    store.publish("score", scores(("k1", "v1", "s1", 1.0, 1), ("k2", "v1", "s1", 2.0, 3)))
    found = [store.get("score", ["a"], as_of=day(n))["score"].to_list() for n in (0, 1, 2, 3, 9)]
    assert found == [[], [1.0], [1.0], [2.0], [2.0]]
    assert store.get("score", ["a"])["score"].to_list() == [2.0]


def test_a_time_in_another_zone_is_the_same_moment(store: Store) -> None:
    store.publish("score", scores(("k1", "v1", "s1", 1.0, 1)))
    east = day(1).astimezone(timezone(timedelta(hours=9)))
    assert store.get("score", ["a"], as_of=east).height == 1
    assert store.get("score", ["a"], as_of=east - timedelta(seconds=1)).height == 0


def test_a_name_means_the_version_it_stood_for_then(open_store: Callable[..., Store]) -> None:
    store = open_store(("a", "v1", 0), ("a", "v2", 5))
    store.publish("score", scores(("k1", "v1", "s", 1.0, 0), ("k2", "v2", "s", 2.0, 5)))
    assert store.get("score", ["a"], as_of=day(4))["version"].to_list() == ["v1"]
    assert store.get("score", ["a"])["score"].to_list() == [2.0]
    assert store.get("score", ["a@v1"])["score"].to_list() == [1.0]
    assert store.get("score", ["a@v1", "a"])["score"].to_list() == [1.0, 2.0]


def test_two_names_of_one_version_both_get_its_rows(open_store: Callable[..., Store]) -> None:
    store = open_store(("a", "v1", 0), ("b", "v1", 0), ("pending", "v9", 0))
    store.publish("row_embedding", embeddings("e1", n=3))
    frame = store.get("row_embedding", None)
    assert frame.group_by("entity").len().sort("entity").rows() == [("a", 3), ("b", 3)]
    assert store.get("row_embedding", ["b", "a"])["entity"].to_list() == ["b"] * 3 + ["a"] * 3
    assert store.get("row_embedding", ["pending"]).is_empty()
    assert frame.columns[:2] == ["entity", "version"]


def test_different_sources_and_scorers_are_different_scores(store: Store) -> None:
    store.publish(
        "score", scores(("k1", "v1", "s1", 1.0, 0), ("k2", "v1", "s2", 2.0, 0), ("k0", "v1", None, 0.5, 0))
    )
    store.publish("score", scores(("k3", "v1", "s1", 3.0, 0), scorer="transrate"))
    assert sorted(store.get("score", ["a"])["score"].to_list()) == [0.5, 1.0, 2.0, 3.0]


def test_of_two_sets_of_row_embeddings_the_latest_counts_whole(store: Store) -> None:
    store.publish("row_embedding", embeddings("old", n=5, day=0))
    store.publish("row_embedding", embeddings("new", n=3, day=2))
    assert store.get("row_embedding", ["a"])["key"].to_list() == ["new:0", "new:1", "new:2"]
    assert store.get("row_embedding", ["a"], as_of=day(1)).height == 5


def test_encoders_are_kept_apart(store: Store) -> None:
    store.publish("row_embedding", embeddings("e4", encoder="four", width=4))
    store.publish("row_embedding", embeddings("e8", encoder="eight", width=8, n=2))
    assert store.count("row_embedding") == 7
    assert store.get("row_embedding", ["a"], encoder="eight")["vector"].dtype == pl.Array(pl.Float32, 8)
    with pytest.raises(SettingsError, match=r"several encoders.*eight, four"):
        store.get("row_embedding", ["a"])


def test_a_ranking_belongs_to_its_target_by_name(open_store: Callable[..., Store]) -> None:
    store = open_store(("a", "v1", 0), ("twin", "v1", 0))
    rows = pl.DataFrame(
        {
            "key": ["r1", "r2"], "target": "a", "target_version": "v1", "encoder": "enc", "scorer": "logme",
            "pool_size": [3, 4], "body": "{}", "created_at": [day(0), day(1)],
        }
    )  # fmt: skip
    store.publish("ranking", rows)
    assert store.get("ranking", None).select("entity", "key").rows() == [("a", "r2")]
    assert store.get("ranking", ["twin"]).is_empty()
    assert store.get("ranking", ["a"], as_of=day(0.5))["key"].to_list() == ["r1"]


def test_an_unknown_name_is_answered_with_the_nearest(open_store: Callable[..., Store]) -> None:
    store = open_store(("emotion", "v1", 5))
    with pytest.raises(NamingError, match="did you mean 'emotion'"):
        store.get("score", ["emotoin"])
    with pytest.raises(NamingError, match="nothing registered"):
        store.get("score", ["zzz@v1"])
    with pytest.raises(NamingError, match="was not registered yet"):
        store.get("score", ["emotion"], as_of=day(1))
    with pytest.raises(StoreError, match="no feature view"):
        store.get("scores_", ["emotion"])
    with pytest.raises(SettingsError, match="names no time zone"):
        store.get("score", ["emotion"], as_of=datetime(2026, 1, 1))


def test_no_names_asked_for_is_no_rows(store: Store) -> None:
    store.publish("score", scores(("k1", "v1", "s1", 1.0, 1)))
    assert store.get("score", []).is_empty()


def test_a_store_without_a_registry_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="without a registry"):
        Store.open(str(tmp_path / "l"), lock_dir=tmp_path).get("score", None)


def test_hostile_names_are_data(open_store: Callable[..., Store]) -> None:
    names = [(name, f"version {name}", 0) for name in HOSTILE]
    store = open_store(*names)
    for number, (name, version, _) in enumerate(names):
        rows = scores((f"key {name}", version, name, float(number), 0), encoder=name, scorer=name)
        assert store.publish("score", rows) == 1
        assert store.publish("score", rows) == 0
    assert store.count("score") == len(HOSTILE)
    for number, (name, version, _) in enumerate(names):
        for asked in (name, f"{name}@{version}"):
            frame = store.get("score", [asked], encoder=name)
            assert frame.select("entity", "version", "score").rows() == [(name, version, float(number))]
        assert store.missing_keys("score", [f"key {name}", name]) == [name]
        with pytest.raises(NamingError):
            store.get("score", [f"{name} unknown"])


def test_nearest_vectors_of_one_encoder(store: Store) -> None:
    store.publish("row_embedding", embeddings("e1", n=50, encoder="one"))
    store.publish("row_embedding", embeddings("e2", n=50, encoder="' OR 1=1"))
    rows = store.get("row_embedding", ["a"], encoder="one")
    matrix = rows["vector"].to_numpy()
    query = np.array([1.0, -2.0, 0.5, 0.0])
    cosine = 1 - matrix @ query / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)
    found = store.vector_search("row_embedding", query, 12, "one")
    assert found["row"].to_list() == rows["row"].to_numpy()[np.argsort(cosine)[:12]].tolist()
    np.testing.assert_allclose(found["distance"].to_numpy(), np.sort(cosine)[:12], atol=1e-5)
    assert store.vector_search("row_embedding", query, 5, "' OR 1=1")["encoder"].unique().to_list() == [
        "' OR 1=1"
    ]
    assert store.vector_search("row_embedding", [1.0] * 7, 5, "one").is_empty()


@pytest.mark.parametrize(
    ("view", "vector", "k"),
    [
        ("score", [1.0], 1),
        ("centroid", [float("nan")], 1),
        ("centroid", [], 1),
        ("centroid", [1.0], 0),
        ("centroid", [[1.0]], 1),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(
    store: Store, view: str, vector: list[float], k: int
) -> None:
    with pytest.raises(SettingsError, match="A search in"):
        store.vector_search(view, vector, k, "enc")


def test_readers_see_what_another_store_object_wrote(open_store: Callable[..., Store]) -> None:
    one, other = open_store(), open_store()
    assert other.count("score") == 0
    one.publish("score", scores(("k1", "v1", "s1", 1.0, 0)))
    assert other.count("score") == 1
    assert registry(("a", "v1", 0))(None, None).rows() == [("a", "v1")]
