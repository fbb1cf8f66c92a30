"""A remote that cannot be reached keeps nobody from recording and restoring here, and is told as what it is."""

from __future__ import annotations

import pytest
from support.releases import Story, rank_by_hand

from features.record import mark_unrecorded, record, recorder, unrecorded
from features.record.git import head
from features.releases import restoring
from features.releases.commits import releases
from features.releases.restoring import restore
from features.workspace import Workspace
from models.errors import PushError


@pytest.fixture
def unreachable(story: Story, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The story with a ranking that is not recorded yet and a remote that lies below a file."""
    workspace = story.workspace
    monkeypatch.setattr(recorder, "repro", lambda _: None)
    rank_by_hand(workspace, "t1", ["b", "a"])
    mark_unrecorded(workspace)
    (workspace.root / "file").touch()
    config = workspace.root / ".dvc" / "config"
    config.write_text(
        config.read_text(encoding="utf-8").replace("../dvc-remote", "../file/remote"), encoding="utf-8"
    )
    return workspace


def test_the_release_is_made_and_what_the_remote_lacks_is_told(story: Story, unreachable: Workspace) -> None:
    with pytest.raises(PushError, match="'dvc push' failed") as told:
        record(unreachable, "Third")
    assert "the release is made" in told.value.consequence
    assert "not recorded" not in str(told.value)
    assert "springboard push --all" in told.value.next_step
    assert releases(unreachable)[0].message == "Third"
    # The next run sends what it can.
    assert unrecorded(unreachable)
    (unreachable.root / "file").unlink()
    done = record(unreachable, "Fourth")
    assert (done.changed, done.release) == (False, head(unreachable.root))
    assert not unrecorded(unreachable)
    assert list((unreachable.root / "file" / "remote").rglob("*.dir"))


def test_a_release_is_restored_all_the_same(
    story: Story, unreachable: Workspace, dvc_in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "publish_and_record", lambda *_: "recorded")
    done = restore(unreachable, story.first)
    assert [line["ranking_id"] for line in done.rankings] == [story.old]
    assert done.release == "recorded"
    assert releases(unreachable)[0].message.startswith("Before restoring")
