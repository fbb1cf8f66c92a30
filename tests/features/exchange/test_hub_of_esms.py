"""ESMs from the hub, through its real library and the real command, against a hub on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import model_hub
import pytest
from model_hub import COMMIT, Repo
from support.exchange_esms import write_esm
from support.tiny_encoder import write_tiny
from support.workspaces import change_params, tiny_workspace

from features.exchange import Imports
from features.workspace import Workspace

ROOT = Path(__file__).parents[3]
BASE = "google-bert/bert-base-uncased"


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Hub:
    workspace: Workspace
    address: str
    asked: list[str]
    home: Path

    def run(self, *words: str, **env: str) -> Told:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from flows.cli import main; main()",
                "esm",
                "import",
                *words,
                "-w",
                str(self.workspace.root),
            ],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
            check=False,
            env={
                **os.environ,
                "HF_ENDPOINT": self.address,
                "HF_HOME": str(self.home),
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_OFFLINE": "",
                "COLUMNS": "400",
                **env,
            },
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)


def _repo(folder: Path, *tags: str, seed: int, base: str = BASE, **changes: Any) -> Repo:
    write_esm(folder, base, seed=seed, **changes)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files |= {"README.md": b"# a card", "pytorch_model.bin": b"a pickle", "run.py": b"raise SystemExit(7)"}
    return Repo(files, ("embedding_space_map", *tags))


@pytest.fixture
def hub(tmp_path: Path) -> Any:
    esms = tmp_path / "esms"
    new, old = f"base_model:{BASE}", f"BaseLM:{BASE}"
    broken = _repo(esms / "c", new, old, seed=3)
    broken.files["model.safetensors"] = broken.files["model.safetensors"][:600]
    repos = {
        BASE: Repo(),
        "bert-base-uncased": Repo(renamed_to=BASE),
        "me/esm-a": _repo(esms / "a", new, old, seed=1),
        "me/esm-b": _repo(esms / "b", old, seed=2),
        "me/esm-broken": broken,
        "me/esm-bare": _repo(esms / "d", "BaseLM:bert-base-uncased", seed=4, base="bert-base-uncased"),
        "me/esm-roberta": _repo(esms / "e", "base_model:FacebookAI/roberta-base", seed=5),
        "me/no-esm": Repo({"config.json": b"{}"}, (new,)),
        "me/huge": Repo(
            {"config.json": b"{}", "model.safetensors": b"x"}, claimed={"model.safetensors": 3 << 30}
        ),
        "me/gated": Repo({"config.json": b"{}", "model.safetensors": b"x"}, gated=True),
    }
    encoder = write_tiny(tmp_path / "encoder")
    workspace = change_params(tiny_workspace(tmp_path / "team", encoder), encoder={"pooling": "pooler"})
    with model_hub.hub_of(repos) as (address, asked):
        yield Hub(workspace, address, asked, tmp_path / "home")


def test_all_of_a_base_model_by_both_tags_and_the_broken_one_is_left_out(hub: Hub) -> None:
    said = hub.run("bert-base-uncased", "--tag", "--same-model", "--json")
    assert said.code == 1, said.err  # one was left out
    names = ["me-esm-a", "me-esm-b", "me-esm-bare"]
    assert [one["name"] for one in said.json["imported"]] == names
    assert {one["revision"] for one in said.json["imported"]} == {COMMIT}
    assert {one["not_ranked"] for one in said.json["imported"]} == {None}
    assert list(said.json["failed"]) == ["me/esm-broken"]
    assert "truncated" in said.json["failed"]["me/esm-broken"]
    assert said.json["found"] == 4
    # Two files of each, by name: no card, no code, no pickle.
    fetched = {line.rsplit("/", 1)[1] for line in hub.asked if "/resolve/" in line}
    assert fetched == {"config.json", "model.safetensors"}, hub.asked
    kept = {path.name for path in hub.home.rglob("snapshots/*/*")}
    assert kept == {"config.json", "model.safetensors"}
    assert sorted(Imports(hub.workspace).current()) == names


def test_one_repository_at_a_revision_and_again_without_the_hub(hub: Hub) -> None:
    said = hub.run("me/esm-a", "--revision", COMMIT, "--name", "mine", "--json")
    assert said.code == 0, said.err
    (one,) = said.json["imported"]
    assert (one["name"], one["reference"], one["revision"]) == ("mine", "me/esm-a", COMMIT)
    assert "--same-model" in one["not_ranked"]
    again = hub.run("me/esm-a", "--revision", COMMIT, "--name", "mine", "--json", HF_HUB_OFFLINE="1")
    assert [one["status"] for one in again.json["imported"]] == ["unchanged"]


def test_a_limit_says_how_many_there_are(hub: Hub) -> None:
    said = hub.run(BASE, "--tag", "--limit", "1")
    assert said.code == 0, said.err
    assert "me-esm-a" in said.out
    assert "3 in all" in said.out


@pytest.mark.parametrize(
    ("words", "env", "told"),
    [
        (("me/absent",), {}, ("me/absent", "no public repository")),
        (("me/esm-a", "--revision", "nope"), {}, ("no revision 'nope'",)),
        (("me/huge",), {}, ("3,221,225,472 bytes", "othing of it was fetched")),
        (("me/gated",), {}, ("granted by its owner",)),
        (("me/absent-model", "--tag"), {}, ("no ESM made for one of that name",)),
        (("me/esm-a",), {"HF_HUB_OFFLINE": "1"}, ("cannot be reached", "HF_HUB_OFFLINE", "give a folder")),
        ((BASE, "--tag"), {"HF_HUB_OFFLINE": "1"}, ("cannot be reached", "HF_HUB_OFFLINE")),
        (("me/esm-a",), {"HF_ENDPOINT": "http://127.0.0.1:9"}, ("cannot be reached",)),
        ((BASE, "--tag"), {"HF_ENDPOINT": "http://127.0.0.1:9"}, ("cannot be reached",)),
    ],
)
def test_what_the_hub_does_not_give(
    hub: Hub, words: tuple[str, ...], env: dict[str, str], told: tuple[str, ...]
) -> None:
    said = hub.run(*words, **env)
    assert said.code == 2
    err = " ".join(said.err.split())
    assert all(part in err for part in told), err
    assert Imports(hub.workspace).ledger.read() == []
