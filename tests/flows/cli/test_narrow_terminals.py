"""Lists in eighty columns: what does not fit into a table is a block a row, with nothing cut and no word broken."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from support.cli import Cli
from support.workspaces import Team, rows_of

from features.feedback.live import LiveReport, LiveTarget
from features.pools import find_pool, read_manifest
from flows.cli.render import print_table
from flows.cli.render.evaluation import print_live

_LONG = "a_source_whose_name_is_as_long_as_real_names_are"

Narrow = Callable[..., list[str]]


def _terminal(width: int) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False
    )


def _lines(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture
def narrow(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Narrow:
    """Types a command at a terminal of eighty columns; gives what it shows."""

    def typed(*words: object) -> list[str]:
        console = _terminal(80)
        with monkeypatch.context() as patched:
            for module in ("console", "table"):
                patched.setattr(f"flows.cli.render.{module}.stdout_console", lambda: console)
            assert cli(*words).code == 0
        return _lines(console)

    return typed


def test_rules_of_the_quarantine_are_whole(team: Team, cli: Cli, narrow: Narrow) -> None:
    where = ("--workspace", team.workspace.root)
    rows = rows_of(5).with_row_index()
    blank = pl.when(pl.col("index") == 3).then(pl.lit(" ")).otherwise(pl.col("text"))
    unlabelled = pl.when(pl.col("index") != 8).then(pl.col("label"))
    rows.select(text=blank, label=unlabelled).write_csv(team.files / f"{_LONG}.csv")
    assert cli("source", "add", team.files / f"{_LONG}.csv", *where).code == 0
    assert narrow("quarantine", "list", *where) == [
        _LONG,
        "  role: source  what: rows  rows: 2  rule: blank_text (1), missing_label (1)",
    ]


def test_two_runs_of_a_pair_are_told_apart_by_their_seeds(team: Team, cli: Cli, narrow: Narrow) -> None:
    where = ("--workspace", team.workspace.root)
    for seed in (1, 2):
        reported = cli("feedback", "t2", "s1", "0.8", "--baseline", "0.8", "--seed", seed, *where)
        assert reported.code == 0
    shown = " ".join(" ".join(narrow("list", "feedback", *where)).split())
    for seed in (1, 2):
        assert f"target: t2 source: s1 seed: {seed} score: 0.8000 baseline: 0.8000" in shown
    assert shown.count("metric: accuracy") == shown.count("status: in force") == 2


def test_a_pools_sources_have_their_names_and_addresses_in_one_piece(narrow: Narrow) -> None:
    sources = read_manifest(find_pool("minilm")).sources
    lines = narrow("pool", "list", "minilm")
    assert len([line for line in lines if not line.startswith(" ")]) == len(sources)
    shown = "\n".join(lines)
    for one in sources:
        assert one.name in lines
        assert f"task: {one.task.value}  rows: {one.rows:,}  licence: {one.about.licence}" in shown
        assert one.about.reference in shown
        assert one.about.citation in shown


def test_the_pools_have_their_encoders_in_one_piece(narrow: Narrow, cli: Cli) -> None:
    lines = narrow("pool", "list")
    for one in json.loads(cli("pool", "list", "--json").out):
        assert one["name"] in lines
        assert f"encoder: {one['encoder_label']}" in "\n".join(lines)


def test_past_advice_is_shown_with_every_number_and_its_heading() -> None:
    one = LiveTarget(
        target="what_our_customers_write_to_us",
        target_version="v",
        metric="accuracy",
        scorers=("logme",),
        tried=2,
        never_tried=34,
        best="empathic_reactions_distress",
        best_score=0.82,
        best_gain=2.0,
        top=(_LONG,),
        top_rank=1,
        top_gain=-1.0,
        regret={1: 3.6585, 3: None, 5: None},
    )
    console = _terminal(80)
    print_live(LiveReport((one,), ()), console)
    lines = _lines(console)
    assert lines[:5] == [
        "what_our_customers_write_to_us",
        "  metric: accuracy  tried: 2  never tried: 34",
        "  best tried: empathic_reactions_distress",
        f"  advised first: {_LONG}  rank: 1",
        "  gain, points: -1.0000  regret@1: 3.6585",
    ]
    assert max(map(len, lines)) <= 80


_WORDS = st.lists(st.text("abcdefgh_", min_size=1, max_size=30), max_size=6).map(" ".join)


@given(
    st.lists(st.tuples(_WORDS, _WORDS, st.integers(0, 10**6)), min_size=1, max_size=4),
    st.integers(40, 160),
)
def test_nothing_is_cut_and_no_word_is_broken_at_any_width(
    rows: list[tuple[str, str, int]], width: int
) -> None:
    console = _terminal(width)
    columns = ("first", "one more", "number")
    print_table(columns, rows, wrap=("one more",), whole=True, console=console)
    lines = _lines(console)
    assert max(cell_len(line) for line in lines) <= width
    shown = " ".join(lines).split()
    for first, more, number in rows:
        assert {*first.split(), *more.split(), f"{number:,}"} <= set(shown)
