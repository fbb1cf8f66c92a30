"""What ``pool.json`` says goes into a ledger that is never rewritten: it is checked, and held against the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.pools import add_pool, export_pool, read_manifest, shipped_pools
from features.pools.checking import check_pool
from features.pools.layout import MANIFEST, write_manifest
from features.pools.packing import read_packed
from features.workspace import Workspace
from models.errors import ArtefactError

EditManifest = Callable[[Callable[[dict[str, Any]], object]], None]


def _refused(workspace: Workspace, pool: Path, why: str) -> None:
    with pytest.raises(ArtefactError, match="cannot be used") as refused:
        add_pool(Plan(workspace), pool)
    assert why in refused.value.what
    assert not Plan(workspace).registry.pooled()
    assert not list(workspace.folder("pools").glob("*"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("rows", odd) for odd in ("many", None, 0, -5, [1], 40.0, True, 10**30, float("nan"))),
        *(("classes", odd) for odd in ("two", 0, [2], False)),
        *(("bytes", odd) for odd in ("x", None)),
        *(("made_at", odd) for odd in (5, None, "yesterday")),
        *(("heldout_r2", odd) for odd in ("good", float("nan"), float("inf"), True)),
        *(("version", odd) for odd in (None, ["0" * 32])),
        *(("task", odd) for odd in (None, [], {"a": 1})),
        *(("sha256", odd) for odd in (None, 5)),
    ],
)
def test_a_source_says_what_it_may_say(
    field: str, value: object, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw["sources"][0].update({field: value}))
    _refused(workspace, pool, f"its {MANIFEST} cannot be read")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400, "1" * 5000])
def test_a_number_that_json_can_write_and_no_table_holds_is_refused(
    number: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw["sources"][0].update(heldout_r2="HERE"))
    path = pool / MANIFEST
    path.write_text(path.read_text(encoding="utf-8").replace('"HERE"', number), encoding="utf-8")
    _refused(workspace, pool, f"its {MANIFEST} cannot be read")


@pytest.mark.parametrize("field", ["title", "reference", "licence", "commit", "citation"])
@pytest.mark.parametrize("value", [{"a": 1}, ["MIT"], 5, float("nan")])
def test_where_a_source_is_from_is_told_in_text(
    field: str, value: object, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw["sources"][0]["about"].update({field: value}))
    _refused(workspace, pool, f"its {MANIFEST} cannot be read")


@pytest.mark.parametrize("field", ["title", "encoder", "encoder_label", "code"])
def test_what_the_pool_is_called_is_text(
    field: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw.update({field: [1]}))
    _refused(workspace, pool, f"its {field} is no text")


@pytest.mark.parametrize("sign", ["\x1b[2J", "\n", "\x9b31m", "\0"])
def test_control_characters_reach_no_terminal(
    sign: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest, team: Team
) -> None:
    edit_manifest(lambda raw: raw.update(title=f"Films{sign}and more"))
    _refused(workspace, pool, "its title holds control characters")
    done = export_pool(Plan(team.workspace), pool.parent / "out", name="out", title=f"Films{sign}and more")
    assert read_manifest(pool.parent / "out") == done.manifest


@pytest.mark.parametrize("text", ["[" * 200_000, '{"layout": 1, "x": ' + "[" * 100_000 + "]" * 100_000 + "}"])
def test_a_listing_that_is_too_deep_is_refused(text: str, workspace: Workspace, pool: Path) -> None:
    (pool / MANIFEST).write_text(text, encoding="utf-8")
    _refused(workspace, pool, "RecursionError")


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("rows", 41, "lists its rows as 41, and its card says '40'"),
        ("task", "regression", "lists its task as regression, and its card says 'classification'"),
        ("classes", 3, "lists its classes as 3, and its card says '2'"),
        ("classes", None, "lists its classes as None, and its card says '2'"),
    ],
)
def test_a_listing_of_another_source_than_the_files_is_refused(
    field: str, value: object, why: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw["sources"][0].update({field: value}))
    _refused(workspace, pool, why)


@pytest.mark.parametrize(
    ("fact", "value", "why"),
    [("classes", 2, "does not list its classes"), ("first_loss", float("inf"), "not JSON compliant")],
)
def test_a_card_that_could_not_be_written_here_is_refused(
    fact: str,
    value: object,
    why: str,
    workspace: Workspace,
    pool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from features.pools import checking

    # No card of ours says so; one that somebody else's program wrote may.
    def odd(path: Path) -> Any:
        packed = read_packed(path)
        return replace(packed, card=replace(packed.card, facts={**packed.card.facts, fact: value}))

    monkeypatch.setattr(checking, "read_packed", odd)
    _refused(workspace, pool, why)


def test_a_pool_as_it_is_written_is_taken_back_word_for_word(pool: Path) -> None:
    before = (pool / MANIFEST).read_bytes()
    write_manifest(pool, read_manifest(pool))
    assert (pool / MANIFEST).read_bytes() == before
    for folder in (pool, *shipped_pools().values()):
        manifest = read_manifest(folder)
        assert [one.listed for one in check_pool(folder, manifest)] == list(manifest.sources)
