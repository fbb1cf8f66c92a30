"""``springboard evaluate`` on files, whole and partial, ours and others'."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.cli import Cli
from support.transfer_tables import write_results, write_table

from features.evaluation import evaluate, places
from flows.cli.render.evaluation import print_evaluation


@pytest.fixture(autouse=True)
def _outside_of_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_tables_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    said = cli("evaluate", truth, "--predictions", predictions)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "32 pairs: 8 sources, 4 targets, 3 seeds; default knows"
    assert lines[1].startswith("Floor (an oracle that knows half of the seeds): regret ")
    for name in ("knows", "jsd", "blind", "random", "source_popularity", "oracle_half"):
        assert sum(line.startswith(f"{name} ") for line in lines) == 1
    assert any("excess_regret@5 at most 1.0" in line for line in lines)
    assert any(line.startswith("Where results differ: target ") for line in lines)
    assert sorted(tmp_path.rglob("*")) == before


def test_one_seed_is_told_to_say_nothing_of_chance(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    kept = [line for line in truth.read_text().splitlines() if line.split(",")[2] in ("seed", "0")]
    truth.write_text("\n".join(kept) + "\n")
    lines = cli("evaluate", truth, "--predictions", predictions).out.splitlines()
    differ = next(line for line in lines if line.startswith("Where results differ: "))
    assert "seed 0%" not in differ
    assert differ.endswith("% and chance, which one seed cannot tell apart.")


def test_json_is_one_object_with_the_agreed_keys(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    said = cli("evaluate", truth, "--predictions", predictions, "--json", "--default", "blind")
    assert said.code == 0
    found = said.json
    assert (found["pairs"], found["targets"], found["seeds"], found["default"]) == (32, 4, 3, "blind")
    for row in found["scorers"].values():
        assert {"regret@1", "regret@3", "regret@5", "excess_regret@5", "ndcg", "kendall"} <= set(row)


def test_a_partial_matrix_says_what_does_not_count(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path, n_sources=12)
    lines = truth.read_text().splitlines()
    # The computation has got through two seeds, but for one source, and has begun a third, in the middle of a line.
    kept = [
        line for line in lines if line.split(",")[2] in ("seed", "0", "1") and not line.startswith("s3,t1,1,")
    ]
    begun = [line for line in lines if line.startswith(("s0,t0,2", "none,t0,2"))]
    truth.write_text("\n".join([*kept, *begun, "s1,t0"]))
    said = cli("evaluate", truth, "--predictions", predictions, "--json")
    assert said.code == 0, said.err
    assert said.json["pairs"] == 4 * 12 - 1
    assert said.json["seeds"] == 2
    assert said.json["left_out"] == [
        {"target": "t0", "seed": 2, "reason": "1 of 12 sources have it"},
        {"target": "t1", "source": "s3", "reason": "no result at seed 1"},
    ]
    shown = cli("evaluate", truth, "--predictions", predictions).out
    assert "Left out: 2" in shown
    assert "target t1, source s3: no result at seed 1" in shown
    assert "half written" in shown


def test_files_are_written_where_asked(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    said = cli("evaluate", truth, "--predictions", predictions, "--out", tmp_path / "new")
    assert said.code == 0
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert "results_table.csv" in names
    for name in names:
        assert f"Written: {tmp_path / 'new' / name}" in said.out


def test_our_own_tables_are_the_default_and_get_their_report(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    monkeypatch.setattr(places, "OURS", ours)
    missing = cli("evaluate")
    assert missing.is_clear_error("our own results are not here", "springboard evaluate TRUTH")
    truth, predictions = write_results(ours)
    truth.rename(ours / "minilm.csv")
    without = cli("evaluate", "--json")
    assert without.code == 0
    assert without.json["predictions"] is None
    predictions.rename(ours / "minilm_predictions.csv")
    said = cli("evaluate")
    assert said.code == 0
    assert (ours / "minilm_table.md").is_file()
    assert "knows" in (ours / "minilm_table.md").read_text()


def test_our_predictions_serve_for_others_results_only_where_they_fit(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    monkeypatch.setattr(places, "OURS", ours)
    truth, predictions = write_results(tmp_path)
    predictions.rename(ours / "minilm_predictions.csv")
    fitting = cli("evaluate", truth, "--json").json
    assert "knows" in fitting["scorers"]
    assert fitting["notes"][0].startswith(f"the predictions are our own, '{ours / 'minilm_predictions.csv'}'")
    other = write_table(
        tmp_path / "other.csv", "source,target,seed,score", [("a", "x", 0, 0.5), ("b", "x", 0, 0.6)]
    )
    found = cli("evaluate", other, "--json").json
    assert set(found["scorers"]) == {"random"}
    assert any("other pairs and was not used" in note for note in found["notes"])
    assert not list(ours.glob("*.svg"))


def test_bad_input_is_a_clear_error(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    assert cli("evaluate", truth, "--out", predictions).is_clear_error("is a file, and --out names a folder")
    assert cli("evaluate", tmp_path / "none.csv").is_clear_error("none.csv", "does not exist", "TRUTH")
    assert cli("evaluate", truth, "--predictions", tmp_path / "no.csv").is_clear_error(
        "no.csv", "--predictions"
    )
    assert cli("evaluate", truth, "--predictions", truth).is_clear_error("has no column scorer")
    assert cli("evaluate", truth, "--predictions", predictions, "--default", "jsdd").is_clear_error(
        "'jsdd'", "did you mean jsd?"
    )
    percent = write_table(tmp_path / "percent.csv", "source,target,seed,score", [("a", "x", 0, 55)])
    assert cli("evaluate", percent).is_clear_error("score of 55 in row 1", "0.85, not 85")


def test_names_are_data(cli: Cli, tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    for path in (truth, predictions):
        path.write_text(path.read_text().replace("s0,", "[/red]\x1b[2J,").replace("blind,", "[bold],"))
    said = cli("evaluate", truth, "--predictions", predictions)
    assert said.code == 0, said.err
    assert "\x1b" not in said.out
    assert "[bold]" in said.out


@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_a_terminal_shows_the_columns_it_has_room_for(tmp_path: Path, width: int) -> None:
    truth, predictions = write_results(tmp_path)
    stream = StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None, legacy_windows=False)
    print_evaluation(evaluate(truth, predictions, resamples=20), [], console)
    lines = stream.getvalue().splitlines()
    assert all(len(line.rstrip()) <= width for line in lines)
    head = next(line for line in lines if line.startswith("scorer"))
    assert "excess@5" in head
    assert "95% interval" in head
    assert ("bytes/source" in head) is (width == 200)
    told = " ".join(stream.getvalue().split())
    assert ("Not shown, for want of room" in told) is (width < 200)
    row = next(line for line in lines if line.startswith("knows"))
    assert "…" not in row
