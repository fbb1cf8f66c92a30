"""Pools on disk: what is in them, the same bytes every time, and nothing of a broken one is stored."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from support.workspaces import Team, add, change_params, rows_of, write_rows

from features.artefacts.cards import Card
from features.artefacts.files import read_arrays_card, write_arrays
from features.artefacts.plan import Plan
from features.pools import add_pool, export_pool, exporting, find_pool, read_manifest
from features.pools.layout import MANIFEST, POOL_LAYOUT
from features.pools.packing import Packed, read_packed
from features.registry import Kind
from features.workspace import Workspace
from models.errors import ArtefactError, EncoderError, NamingError, UnknownReferenceError

EditManifest = Callable[[Callable[[dict[str, Any]], object]], None]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _nothing_stored(workspace: Workspace) -> bool:
    kinds = ("pools", "esms", "sketches")
    files = [
        path for kind in kinds if workspace.folder(kind).exists() for path in workspace.folder(kind).iterdir()
    ]
    return not files and not Plan(workspace).registry.pooled()


def test_a_pool_says_from_what_and_how_it_was_made(pool: Path, team: Team) -> None:
    manifest = read_manifest(pool)
    assert (manifest.name, manifest.title) == ("tiny", "Three tiny sources")
    assert manifest.encoder == Plan(team.workspace).encoder
    assert manifest.settings["tuning"]["max_steps"] == 3
    first = manifest.sources[0]
    assert (first.name, first.rows, first.classes, first.task.value) == ("s1", 40, 2, "classification")
    assert first.about.reference == "github.com/somebody/films"
    assert first.about.licence == "MIT"
    card = read_arrays_card(pool / "s1.safetensors")
    assert card.facts["about"]["citation"] == "Somebody. Films. 2020."
    assert set(card.facts["seconds"]) == {"embed", "tune", "fit"}
    assert card.facts["heldout_r2"] == first.heldout_r2
    assert card.settings["cap"] == 10_000


def test_neither_rows_nor_places_of_this_machine_are_in_a_pool(pool: Path, team: Team) -> None:
    texts = rows_of(1)["text"].to_list()
    written = b"".join(_bytes(pool).values())
    assert not any(text.encode() in written for text in texts)
    assert str(team.files.parent).encode() not in written
    assert b"/tmp" not in written
    assert b"/home" not in written


def test_no_row_of_a_source_can_be_told_from_its_arrays(pool: Path) -> None:
    arrays = load_file(pool / "s1.safetensors")
    kept = {name: array.shape for name, array in arrays.items()}
    per_row = {name for name, shape in kept.items() if shape and shape[0] == 40}
    # Hashes of texts, and signatures of some; no embedding of a row.
    assert per_row <= {"sketch.exact", "sketch.signatures"}


def test_written_anew_the_bytes_are_the_same(pool: Path, team: Team) -> None:
    before = _bytes(pool)
    about = {one.name: one.about for one in read_manifest(pool).sources}
    again = export_pool(Plan(team.workspace), pool, name="tiny", about=about)
    assert again.written == []
    assert _bytes(pool) == before


def test_written_anew_with_fewer_sources_the_others_are_gone(pool: Path, team: Team) -> None:
    export_pool(Plan(team.workspace), pool, name="tiny", names=["s2"])
    assert set(_bytes(pool)) == {MANIFEST, "s2.safetensors"}


def test_what_is_pending_or_tuned_elsewhere_is_left_out(team: Team, tmp_path: Path) -> None:
    add(team.workspace, Kind.SOURCE, write_rows(tmp_path / "late.csv", 9))
    done = export_pool(Plan(team.workspace), tmp_path / "out", name="out")
    assert done.left_out == {"late": "it is pending"}
    assert [one.name for one in done.manifest.sources] == ["s1", "s2", "s3"]


def test_a_folder_with_something_else_is_left_alone(team: Team, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ArtefactError, match="holds something that is no pool"):
        export_pool(Plan(team.workspace), tmp_path / "mine", name="mine")
    assert set(_bytes(tmp_path / "mine")) == {"letter.txt"}


def test_files_that_no_list_of_the_pool_named_are_somebody_elses(pool: Path, team: Team) -> None:
    (pool / "model.safetensors").write_bytes(b"mine")
    (pool / "evidence.csv").write_text("source,target\n", encoding="utf-8")
    export_pool(Plan(team.workspace), pool, name="tiny", names=["s1"])
    assert set(_bytes(pool)) == {MANIFEST, "s1.safetensors", "model.safetensors", "evidence.csv"}


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["write_arrays", "write_manifest"])
def test_an_export_that_was_cut_short_is_done_again(
    step: str, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise _Killed

    folder, plan = tmp_path / "out", Plan(team.workspace)
    with monkeypatch.context() as patched:
        patched.setattr(exporting, step, killed)
        # What a killed process leaves: nobody takes the hidden folder away.
        patched.setattr(shutil, "rmtree", lambda _: None)
        with pytest.raises(_Killed):
            export_pool(plan, folder, name="out")
    (left,) = folder.glob(".export.*.part")
    os.utime(left, (0, 0))
    export_pool(plan, folder, name="out")
    assert {path.name for path in folder.iterdir()} == {MANIFEST, *(f"s{n}.safetensors" for n in (1, 2, 3))}
    assert [one.name for one in read_manifest(folder).sources] == ["s1", "s2", "s3"]


def test_a_pool_that_is_written_anew_stays_as_it_was_until_all_is_there(
    pool: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _bytes(pool)
    calls = iter(range(3))

    def full(*given: Any) -> None:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        write_arrays(*given)

    monkeypatch.setattr(exporting, "write_arrays", full)
    with pytest.raises(OSError, match="No space"):
        export_pool(Plan(team.workspace), pool, name="tiny", title="Another")
    assert _bytes(pool) == before


def test_an_empty_workspace_has_nothing_to_export(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no source is ready"):
        export_pool(Plan(workspace), tmp_path / "out", name="out")
    assert not (tmp_path / "out").exists()


def test_another_encoder_is_refused_by_its_id(workspace: Workspace, pool: Path) -> None:
    workspace = change_params(workspace, encoder={"max_length": 16})
    plan = Plan(workspace)
    with pytest.raises(EncoderError) as refused:
        add_pool(plan, pool)
    assert plan.encoder in refused.value.what
    assert read_manifest(pool).encoder in refused.value.what
    assert "encoder.max_length: 32" in str(refused.value.next_step)
    assert _nothing_stored(workspace)


@pytest.mark.parametrize("cut", [0, 7, 100, -1])
def test_a_file_that_was_cut_short_is_refused_and_nothing_is_stored(
    cut: int, workspace: Workspace, pool: Path
) -> None:
    path = pool / "s3.safetensors"  # The last one: the others were read already.
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ArtefactError, match=r"s3\.safetensors"):
        add_pool(Plan(workspace), pool)
    assert _nothing_stored(workspace)


def test_a_file_that_is_missing_or_of_another_source_is_refused(workspace: Workspace, pool: Path) -> None:
    (pool / "s2.safetensors").write_bytes((pool / "s1.safetensors").read_bytes())
    with pytest.raises(ArtefactError, match="is not the file that was listed"):
        add_pool(Plan(workspace), pool)
    (pool / "s2.safetensors").unlink()
    with pytest.raises(ArtefactError, match="cannot be read"):
        add_pool(Plan(workspace), pool)
    assert _nothing_stored(workspace)


def test_a_newer_layout_is_refused_as_such(
    workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(lambda raw: raw.update(layout=POOL_LAYOUT + 1, sources="told otherwise"))
    with pytest.raises(ArtefactError, match=f"layout {POOL_LAYOUT + 1}") as refused:
        add_pool(Plan(workspace), pool)
    assert "newer Springboard" in str(refused.value.next_step)
    assert _nothing_stored(workspace)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("sources"),
        lambda raw: raw.update(sources=[]),
        lambda raw: raw.update(sources=raw["sources"] + raw["sources"][:1]),
        lambda raw: raw.update(layout="one"),
        lambda raw: raw.update(settings={}),
        lambda raw: raw["sources"][0].update(name="../../s1"),
        lambda raw: raw["sources"][0].update(sha256="../../../etc/passwd"),
        lambda raw: raw["sources"][0].update(task="dancing"),
        lambda raw: raw["sources"][0].update(version="0" * 32),
        lambda raw: raw["sources"][0].pop("about"),
        lambda raw: raw.update(name="Not A Name"),
    ],
)
def test_a_listing_that_is_none_is_refused(
    change: Callable[[dict[str, Any]], object], workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(change)
    with pytest.raises(ArtefactError, match="cannot be used"):
        add_pool(Plan(workspace), pool)
    assert _nothing_stored(workspace)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_listing_that_is_no_json_object_is_refused(text: str, workspace: Workspace, pool: Path) -> None:
    (pool / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(ArtefactError, match="cannot be used"):
        add_pool(Plan(workspace), pool)


def _drop_fact(name: str) -> Callable[[Card], Card]:
    return lambda card: replace(card, facts={key: value for key, value in card.facts.items() if key != name})


def _of_esm(**changed: Any) -> Callable[[Card], Card]:
    return lambda card: replace(card, facts={**card.facts, "esm": {**card.facts["esm"], **changed}})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_of_esm(key="../../outside"), "a key that is none"),
        (_of_esm(inputs={"dataset": "0" * 32, "encoder": "0" * 32}), "of another dataset or encoder"),
        (_of_esm(facts={}), "does not say its dim"),
        (_of_esm(kind="scratch"), "of something else"),
        (_of_esm(made_at="yesterday"), "ValueError"),
        (_drop_fact("esm"), "says nothing of its ESM"),
        (_drop_fact("head"), "KeyError|does not say its head"),
        (_drop_fact("profile"), "does not say its profile"),
        (lambda card: replace(card, settings={}), "KeyError"),
        (lambda card: replace(card, inputs={}), "KeyError"),
    ],
)
def test_a_card_that_is_odd_is_refused_though_the_pool_fits_together(
    change: Callable[[Card], Card], why: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    _write_anew(pool, edit_manifest, lambda packed: Packed(packed.arrays, change(packed.card)))
    with pytest.raises(ArtefactError, match=why):
        add_pool(Plan(workspace), pool)
    assert _nothing_stored(workspace)


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("centroid", np.full(32, np.nan, dtype=np.float32), "not finite"),
        ("centroid", np.zeros(31, dtype=np.float32), "32 wide, and its centroid 31"),
        ("esm.u", np.full((32, 4), np.inf, dtype=np.float16), "not finite"),
        ("esm.v", np.zeros((32, 5), dtype=np.float16), "do not belong together"),
        ("head.weight", np.zeros((3, 32), dtype=np.float16), "its head has shapes"),
        ("sketch.params", np.zeros(7, dtype=np.int64), "layout is not ours"),
        ("sketch.exact", np.zeros(5, dtype=np.float32), "sketch"),
    ],
)
def test_arrays_that_are_odd_are_refused_too(
    name: str, array: Any, why: str, workspace: Workspace, pool: Path, edit_manifest: EditManifest
) -> None:
    _write_anew(pool, edit_manifest, lambda packed: Packed({**packed.arrays, name: array}, packed.card))
    with pytest.raises(ArtefactError, match=why):
        add_pool(Plan(workspace), pool)
    assert _nothing_stored(workspace)


def _write_anew(pool: Path, edit_manifest: EditManifest, change: Callable[[Packed], Packed]) -> None:
    """Change a source's file, and the listing so that it is of that file."""
    path = pool / "s1.safetensors"
    packed = change(read_packed(path))
    write_arrays(path, packed.arrays, packed.card)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit_manifest(lambda raw: raw["sources"][0].update(sha256=digest))


def test_finding_a_pool(pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from features.pools import finding

    assert find_pool(str(pool)) == pool
    monkeypatch.setattr(finding, "shipped_folder", lambda: pool.parent)
    assert find_pool("tiny") == pool
    for unknown in ("nothing-like-it", "", " ", "../tiny/pool.json"):
        with pytest.raises(UnknownReferenceError, match="shipped are tiny"):
            find_pool(unknown)


def test_pools_that_come_with_springboard_are_whole_and_open() -> None:
    """Of whatever is shipped: each can be read to its end, and may be passed on."""
    from features.pools import shipped_pools
    from features.pools.checking import check_pool

    pools = shipped_pools()
    if not pools:
        pytest.skip("no pool is shipped yet")
    for name, folder in pools.items():
        manifest = read_manifest(folder)
        assert manifest.name == name
        assert len(check_pool(folder, manifest)) == len(manifest.sources)
        assert all(one.about.licence and "NC" not in one.about.licence for one in manifest.sources)
        assert all(one.about.citation and one.about.commit for one in manifest.sources)


def test_names_must_be_names(team: Team, tmp_path: Path) -> None:
    with pytest.raises(NamingError):
        export_pool(Plan(team.workspace), tmp_path / "out", name="../out")
    assert not (tmp_path / "out").exists()
