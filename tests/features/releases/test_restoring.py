"""Going back: rankings, settings and files as they were; what was accepted since stays; half-way is never."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from support.releases import Story, rank_by_hand, register_target, seal
from support.workspaces import change_params

from features.artefacts.plan import Plan
from features.rankings import shown_ranking, stale_targets
from features.rankings.history import RankingLedger, moment_of
from features.record.git import git
from features.registry import Kind
from features.releases import restoring
from features.releases.journal import Journal, finish_restore
from features.releases.restoring import Restored, restore
from features.workspace import Workspace, find_workspace
from models.errors import ArtefactError, BusyError

Back = Callable[[Workspace, str], Restored]


def _shown(workspace: Workspace, target: str = "t1") -> dict:  # type: ignore[type-arg]
    workspace = Workspace(workspace.root)
    shown = shown_ranking(workspace, target, "logme", Plan(workspace).encoder)
    assert shown is not None
    return shown


def _everything(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for place in (root / "data", root / "ledgers", root / "params.yaml", root / "dvc.lock")
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if path.is_file()
    }


def test_the_ranking_is_as_it_was_and_fresh_until_something_new_changes(story: Story, back: Back) -> None:
    workspace = story.workspace
    done = back(workspace, story.first[:10])
    assert [line["ranking_id"] for line in done.rankings] == [story.old]
    assert done.release == "recorded"
    shown = _shown(workspace)
    assert shown["ranking_id"] == story.old
    assert [row["source"] for row in shown["ranking"]] == ["a", "b", "c"]
    assert shown["restored"]["release"] == story.first
    # It is as old as it was, and moved against what was shown until now.
    assert shown["created_at"] < shown["restored"]["since"]
    assert [row["previous_rank"] for row in shown["ranking"]] == [2, 3, 4]
    assert stale_targets(Plan(Workspace(workspace.root))) == []
    change_params(workspace, ranking={"jackknife_groups": 7})
    assert stale_targets(Plan(Workspace(workspace.root))) == ["t1"]


def test_what_was_shown_at_a_release_can_still_be_asked_for(story: Story, back: Back) -> None:
    back(story.workspace, "previous")
    for release, shown in ((story.first, story.old), (story.second, story.new)):
        workspace = Workspace(story.workspace.root)
        moment = moment_of(workspace, release)
        found = shown_ranking(workspace, "t1", "logme", Plan(workspace).encoder, moment)
        assert found is not None
        assert found["ranking_id"] == shown


def test_restoring_twice_and_what_is_there_already_changes_nothing(story: Story, back: Back) -> None:
    before = _everything(story.workspace.root)
    done = back(story.workspace, "latest")
    assert (done.release, done.rankings, done.settings, done.files) == (None, [], {}, 0)
    assert _everything(story.workspace.root) == before
    back(story.workspace, story.first)
    once = _everything(story.workspace.root)
    assert back(Workspace(story.workspace.root), story.first).release is None
    assert _everything(story.workspace.root) == once


def test_registry_and_other_ledgers_never_go_back(story: Story, back: Back) -> None:
    workspace = story.workspace
    register_target(workspace, "t2", "v2")
    rank_by_hand(workspace, "t2", ["b", "a"])
    seal(workspace, "t2")
    before = {path.name: path.read_bytes() for path in workspace.ledgers.glob("*.jsonl")}
    done = back(workspace, story.first)
    assert done.newer == ["t2"]
    assert set(Plan(workspace).registry.current(Kind.TARGET)) == {"t1", "t2"}
    for name, content in before.items():
        # Append-only: what stood there stands there.
        assert (workspace.ledgers / name).read_bytes().startswith(content), name
    assert [row["source"] for row in _shown(workspace, "t2")["ranking"]] == ["b", "a"]
    assert (workspace.folder("rankings") / f"{story.new}.json").exists()


def test_settings_that_rankings_follow_from_go_back_and_others_stay(story: Story, back: Back) -> None:
    workspace = change_params(
        story.workspace,
        overlap={"threshold": 0.5},
        ranking={"jackknife_groups": 9},
        run={"retries": 7},
        caps={"target_rows": 99},
    )
    rank_by_hand(workspace, "t1", ["c", "b", "a"])
    seal(workspace, "Other settings")
    done = back(workspace, story.first)
    assert done.settings == {"overlap.threshold": (0.5, 0.01), "ranking.jackknife_groups": (9, 4)}
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    assert params["overlap"]["threshold"] == 0.01
    assert (params["run"]["retries"], params["caps"]["target_rows"]) == (7, 99)
    assert _shown(workspace)["ranking_id"] == story.old
    assert stale_targets(Plan(Workspace(workspace.root))) == []


def test_files_that_were_lost_or_damaged_are_put_back_from_dvc(story: Story, back: Back) -> None:
    folder = story.workspace.folder("rankings")
    whole = (folder / f"{story.old}.json").read_bytes()
    (folder / f"{story.old}.json").write_bytes(b"damaged")
    newer = folder / "newer.json"
    newer.write_bytes(b"not of any release")
    done = back(story.workspace, story.first)
    assert done.files == 1
    assert (folder / f"{story.old}.json").read_bytes() == whole
    assert newer.exists()


def test_missing_artefacts_are_named_and_the_workspace_stays_as_it_was(story: Story, back: Back) -> None:
    root = story.workspace.root
    (story.workspace.folder("rankings") / f"{story.old}.json").unlink()
    for path in (root / ".dvc" / "cache").rglob("*"):
        if path.is_file() and story.old.encode() in path.read_bytes() and path.suffix != ".dir":
            path.write_bytes(b"a damaged cache is none")
    before, commit = _everything(root), git(root, "rev-parse", "HEAD")
    with pytest.raises(ArtefactError, match=f"data/rankings/{story.old}.json") as told:
        back(story.workspace, story.first)
    assert "as it was" in told.value.consequence
    assert (_everything(root), git(root, "rev-parse", "HEAD")) == (before, commit)


def test_an_encoder_whose_weights_are_others_now_is_refused(story: Story, back: Back) -> None:
    line = RankingLedger(story.workspace).lines()[0]
    # The release's ledger says another encoder than its settings give here.
    other = {**line, "encoder": "f" * 32}
    ledger = story.workspace.ledgers / "rankings.jsonl"
    ledger.write_text(json.dumps(other) + "\n", encoding="utf-8")
    seal(story.workspace, "Foreign")
    with pytest.raises(ArtefactError, match="other ones than they were"):
        back(story.workspace, "latest")


# Killed at a step of carrying it out: after nothing, after the settings, after the first of two lines.
_KILL = """
import os, signal, sys
from pathlib import Path
from features.releases import journal
from features.rankings.history import RankingLedger
from features.workspace import Workspace
step, root = sys.argv[1], Path(sys.argv[2])
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def after(function):
    return lambda *words: (function(*words), die())
if step == "decided":
    journal._carry_out = die
elif step == "settings":
    RankingLedger.lines = die
else:
    RankingLedger.append_restored = after(RankingLedger.append_restored)
restored = journal.Journal(**__import__("json").loads(sys.stdin.read()))
journal.decide(Workspace(root), restored)
"""


@pytest.mark.parametrize("step", ["decided", "settings", "line"])
def test_a_restore_killed_half_way_is_finished_by_the_next_command(
    story: Story, step: str, monkeypatch: pytest.MonkeyPatch, dvc_in_process: None
) -> None:
    workspace = story.workspace
    register_target(workspace, "t2", "v2")
    rank_by_hand(workspace, "t2", ["a", "b"])
    base = seal(workspace, "Both")
    workspace = change_params(workspace, overlap={"threshold": 0.5})
    for target in ("t1", "t2"):
        rank_by_hand(workspace, target, ["b", "a", "c"])
    seal(workspace, "Both again")
    noted: list[restoring.Journal] = []
    monkeypatch.setattr(restoring, "decide", lambda _, journal: noted.append(journal))
    monkeypatch.setattr(restoring, "publish_and_record", lambda *_: None)
    lines = restore(workspace, base).rankings
    assert len(lines) == 2
    done = subprocess.run(
        [sys.executable, "-c", _KILL, step, str(workspace.root)],
        input=json.dumps(asdict(noted[0])),
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert workspace.restoring.exists()
    # Any command looks for its workspace first.
    found = find_workspace(workspace.root)
    assert not found.restoring.exists()
    restored = [line for line in RankingLedger(found).lines() if "restore" in line]
    assert [(line["target"], line["ranking_id"]) for line in restored] == [
        (line["target"], line["ranking_id"]) for line in lines
    ]
    assert found.settings.overlap.threshold == 0.01
    assert _shown(found)["restored"]["release"] == base
    assert stale_targets(Plan(found)) == []
    assert (found.private / "unrecorded").exists()


def test_a_restore_killed_before_its_decision_changed_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch, dvc_in_process: None
) -> None:
    before = _everything(story.workspace.root)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "decide", die)
    with pytest.raises(KeyboardInterrupt):
        restore(story.workspace, story.first)
    assert find_workspace(story.workspace.root)
    assert _everything(story.workspace.root) == before


def test_what_was_typed_into_params_after_a_kill_is_not_lost(story: Story) -> None:
    workspace = story.workspace
    text = workspace.params_file.read_text(encoding="utf-8")
    journal = Journal("id", story.first, text, text.replace("rank: 4", "rank: 8"), [])
    typed = text.replace("retries: 2", "retries: 5")
    assert typed != text
    workspace.params_file.write_text(typed, encoding="utf-8")
    workspace.restoring.write_text(json.dumps(asdict(journal)), encoding="ascii")
    finish_restore(workspace)
    assert workspace.params_file.read_text(encoding="utf-8") == typed


def test_a_target_being_ranked_is_waited_for(story: Story, back: Back) -> None:
    workspace = change_params(story.workspace, run={"lock_timeout_seconds": 0.2})
    version = Plan(workspace).registry.get(Kind.TARGET, "t1").version
    with workspace.lock(f"target-{version[:16]}"), pytest.raises(BusyError):
        back(Workspace(workspace.root), story.first)
    assert not workspace.restoring.exists()
    assert isinstance(back(Workspace(workspace.root), story.first), Restored)
