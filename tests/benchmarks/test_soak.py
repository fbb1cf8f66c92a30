"""The short form of ``make soak``: served, fed, killed once; every file meets its fate, and everybody is told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.prefect_database import make_home

from benchmarks.soak.__main__ import soak
from benchmarks.soak.feed import long_feed, short_feed
from features.workspace import Workspace

pytestmark = pytest.mark.long


def test_left_alone_it_ends_as_it_should(workspace: Workspace, prefect_database: Path) -> None:
    make_home(prefect_database, workspace.private / "prefect")
    # The refresh runs by the event that an ingest emits, and not by itself; after the kill there is one more file.
    crons = {"ingest": "* * * * *", "refresh": "0 0 1 1 *", "maintain": "0 0 1 1 *"}
    result = soak(workspace, short_feed(), seconds=60, kills=[0.5], crons=crons)
    assert [one for one in result["checks"] if not one["held"]] == []
    assert len(result["checks"]) >= 13
    assert result["kills"] == 1
    assert not (workspace.private / "server.json").exists()


def test_the_long_feed_is_what_it_says() -> None:
    fed = long_feed()
    assert len({one.name for one in fed}) == len(fed) >= 20
    assert [sum(one.fate == fate for one in fed) for fate in ("ranked", "same", "refused")] == [12, 3, 6]
