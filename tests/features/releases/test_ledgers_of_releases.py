"""What a release says of its ledgers is what these said on the day they were committed, line for line."""

from __future__ import annotations

import pytest
from support.releases import Story, seal

from features.rankings.pins import pins_in_force
from features.registry import now_utc
from features.registry.ledger import Ledger, line_of
from features.releases import pinning
from features.releases.commits import find_release
from features.releases.snapshot import Snapshot
from features.workspace import Workspace
from models.errors import RecordError


def _latest(workspace: Workspace) -> Snapshot:
    return Snapshot(workspace, find_release(workspace, "latest"))


def test_text_with_any_mark_of_a_new_line_is_read_back(
    story: Story, dvc_in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinning, "show_and_record", lambda *_: "recorded")
    reason = "keep\u2028this\u2029until\x85Friday\vor\x1cso"
    pinning.pin(story.workspace, "t1", "latest", reason)
    seal(story.workspace, "Pinned")
    release = _latest(story.workspace)
    assert release.ledger("pins") == Ledger(story.workspace.ledgers / "pins.jsonl").read()
    assert release.ledger("pins")[-1]["reason"] == pins_in_force(story.workspace)["t1"].reason == reason
    assert release.in_force["t1", "logme"]["ranking_id"] == story.new


@pytest.mark.parametrize("dropped", [1, 4, 40], ids=["newline", "inside a character", "inside a word"])
def test_a_last_line_that_was_torn_is_passed_over(story: Story, dropped: int) -> None:
    path = story.workspace.ledgers / "rankings.jsonl"
    whole = path.read_bytes()
    line = line_of({"at": now_utc(), "target": "t1", "zz": "caf\u00e9"})
    assert line[:-4].endswith(b"\xc3")
    path.write_bytes(whole + line[:-dropped])
    seal(story.workspace, "Recorded over a line that was torn")
    release = _latest(story.workspace)
    assert release.ledger("rankings") == Ledger(path).read()
    assert release.newest["t1", "logme"]["ranking_id"] == story.new


def test_a_whole_line_that_is_no_record_is_told(story: Story) -> None:
    with (story.workspace.ledgers / "rankings.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-01-01T00:00:00+00:00", "target": "caf\xc3"}\n')
    seal(story.workspace, "Edited")
    with pytest.raises(RecordError, match="holds a line that is no record"):
        _latest(story.workspace).ledger("rankings")
