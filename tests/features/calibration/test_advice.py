"""What expected gains come to in words, and where people see them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from features.calibration.advice import advice_of, completed
from features.rankings.view import view_of
from features.reports.markdown import to_markdown
from features.reports.site import Contents, write_report
from flows.cli.render.ranking import print_ranking

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
ABOUT = {
    "id": "c1", "method": "mixed", "unit": "points", "coverage": 0.8, "targets": 6, "sources": 24, "pairs": 140,
    "reported_pairs": 2, "held_out_coverage": 0.83, "held_out_coverage_low": 0.4, "held_out_coverage_high": 0.97,
    "target_rows": [100, 100],
}  # fmt: skip


def _row(rank: int, gain: tuple[float, float, float] | None, tier: int = 1, **more: Any) -> dict[str, Any]:
    names = ("expected_gain", "gain_low", "gain_high")
    gains = dict(zip(names, gain, strict=True)) if gain else {}
    row = {
        "rank": rank,
        "source": f"s{rank}",
        "source_version": f"v{rank}",
        "score": 1.0 / rank,
        "stderr": 0.01,
    }
    return {**row, "tier": tier, "previous_rank": None, **gains, **more}


def _ranking(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "target": "mails", "target_version": "v", "target_rows": 100, "encoder": "e", "scorer": "logme",
        "ranking_id": "r", "created_at": "2026-11-22T19:00:00Z", "pool_size": len(rows), "excluded": [],
        "base_score": {"score": 0.1, "stderr": None}, "calibration": ABOUT,
    }  # fmt: skip
    return {**said, "ranking": list(rows), **more}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([_row(1, (2.13, 0.4, 4.6)), _row(2, (1, -1, 3), 2)], "Try s1 first: expected +2.1 (+0.4 to +4.6) points."),
        (
            [_row(1, (2.1, -0.4, 4.6)), _row(2, (1, -1, 3), 2)],
            "Try s1 first: expected +2.1 (-0.4 to +4.6) points, so it may not help.",
        ),
        (
            [_row(1, (0.5, -0.4, 4.6)), _row(2, (1, -1, 3), 2)],
            "Try s2 (rank 2 by score) first: expected +1.0 (-1.0 to +3.0) points, so it may not help.",
        ),
        (
            [_row(1, (2.0, 1.0, 4.6)), _row(2, (1, -1, 3)), _row(3, (1, -1, 3), 2)],
            "Try s1 first: expected +2.0 (+1.0 to +4.6) points. The first 2 cannot be told apart by score.",
        ),
        (
            [_row(1, (-0.3, -2.0, 1.0)), _row(2, (-0.3, -1, 3))],
            "No source is expected to help; the most promising is s1: -0.3 (-2.0 to +1.0) points.",
        ),
        # What would read "+0.0" is no gain to spend a run on.
        (
            [_row(1, (0.04, -2.0, 1.0))],
            "No source is expected to help; the most promising is s1: 0.0 (-2.0 to +1.0) points.",
        ),
    ],
)  # fmt: skip
def test_advice_claims_no_more_than_the_intervals_do(rows: list[dict[str, Any]], said: str) -> None:
    assert advice_of(_ranking(*rows)) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [(1000, "100 rows, and this one has 1,000: expect less than that."), (30, "has 30: expect other gains.")],
)
def test_a_target_of_another_size_than_the_evidence_is_said_to_be(rows: int, said: str) -> None:
    assert advice_of(_ranking(_row(1, (2, 1, 3)), target_rows=rows)).endswith(said)
    assert "evidence" not in advice_of(_ranking(_row(1, (2, 1, 3)), target_rows=150))


def test_why_there_are_no_gains() -> None:
    without = {"calibration": None}
    few = completed(_ranking(_row(1, None), **without), "logme")["advice"]
    assert "past transfers on at least 4 targets, for intervals that hold 80%" in few
    strict = completed(_ranking(_row(1, None), **without), "logme", 0.9)["advice"]
    assert "past transfers on at least 9 targets, for intervals that hold 90%" in strict
    assert (
        "by the default scorer (hscore)" in completed(_ranking(_row(1, None), **without), "hscore")["advice"]
    )
    unheld = completed(_ranking(_row(1, None), base_score=None, **without), "logme")
    assert "untouched encoder has no score" in unheld["advice"]
    old = {name: value for name, value in _ranking(_row(1, None)).items() if name != "calibration"}
    assert completed(old)["ranking"][0]["expected_gain"] is None


def _terminal(ranking: dict[str, Any], width: int | None) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=width is not None, width=width or 500, color_system=None)
    print_ranking(view_of(ranking, now=NOW), console)
    return out.getvalue()


GOOD = _ranking(_row(1, (2.1, -0.4, 4.6)), _row(2, (1.0, -1.0, 3.0), 2))


@pytest.mark.parametrize("width", [None, 80, 140])
def test_the_terminal_shows_gains_where_there_are_any(width: int | None) -> None:
    text = _terminal(GOOD, width)
    assert "+2.1 (-0.4 to +4.6)" in text
    assert "Try s1 first" in " ".join(text.split())
    assert "untouched encoder" in text.lower()
    assert all(len(line) <= width for line in text.splitlines()) if width else "expected gain" in text
    plain = _terminal({**GOOD, "calibration": None, "ranking": [_row(1, None), _row(2, None, 2)]}, width)
    assert "gain" not in plain.replace("untouched encoder is within", "").lower().split("score")[0]
    assert "Expected gain" not in plain


def _page(folder: Path) -> str:
    (page,) = (folder / "site" / "targets").glob("*.html")
    return page.read_text(encoding="utf-8")


def test_pages_and_markdown_show_gains(tmp_path: Path) -> None:
    markdown = to_markdown(view_of(GOOD, now=NOW))
    assert "| Expected gain |" in markdown
    write_report(tmp_path / "site", Contents([GOOD]), now=NOW)
    page = _page(tmp_path)
    assert re.search(r'class="gain" data-value="2.1\d*">\+2\.1 \(-0\.4 to \+4\.6\)</td>', page)
    assert "The drawing is of expected gains" in page
    assert (
        "from 140 transfers to 6 targets, 2 of them reported here; 80% intervals held 83% on targets" in page
    )
    assert "Expected gains</strong> are points" in page
    assert 'class="verdict"' in page
    none = _ranking(_row(1, (-1.0, -3.0, 0.5)))
    write_report(tmp_path / "site", Contents([none]), now=NOW)
    page = _page(tmp_path)
    assert 'class="verdict none"' in page
    assert "No source is expected to help" in (tmp_path / "site" / "index.html").read_text()
    write_report(tmp_path / "site", Contents([_ranking(_row(1, None), calibration=None)]), now=NOW)
    page = _page(tmp_path)
    assert "gain" not in page.replace("Even the leader's gain", "")
