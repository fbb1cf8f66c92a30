from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.transfer_tables import write_results, write_table

from features.evaluation import evaluate, write_evaluation
from features.evaluation.goals import BASELINES
from features.evaluation.layout import COLUMNS, cells_of, ordered
from models.errors import SettingsError, UnreadableError
from models.evaluation import MEASURES


def _evaluate(folder: Path, **more: Any) -> dict[str, Any]:
    truth, predictions = write_results(folder, **more)
    return evaluate(truth, predictions, resamples=30)


def test_the_object_says_what_was_compared(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    assert (found["pairs"], found["targets"], found["seeds"], found["candidates"]) == (32, 4, 3, 8)
    assert found["target_names"] == ["t0", "t1", "t2", "t3"]
    assert set(found["scorers"]) == {"knows", "jsd", "blind", "random", "source_popularity", "oracle_half"}
    assert found["left_out"] == []
    json.dumps(found, allow_nan=False)


def test_each_scorer_has_every_measure_with_its_interval(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    for row in found["scorers"].values():
        assert set(MEASURES) <= set(row)
        assert row["regret@1_low"] <= row["regret@1_high"]
        # Eight sources are too few to say how sure the best of five is.
        assert (row["regret@5_low"], row["excess_regret@5_high"]) == (None, None)
        for k in (1, 3, 5):
            assert row[f"excess_regret@{k}"] == pytest.approx(
                row[f"regret@{k}"] - found["floor"][f"regret@{k}"]
            )
    assert found["scorers"]["knows"]["seconds_per_source"] == 0.5
    assert found["scorers"]["knows"]["bytes_per_source"] is None
    assert found["scorers"]["random"]["seconds_per_source"] is None
    assert any("it takes 15 groups of sources, and here are 8 groups" in note for note in found["notes"])


def test_one_target_has_no_interval(tmp_path: Path) -> None:
    rows = [(f"s{i}", "t", seed, 0.5 + 0.01 * i) for i in range(20) for seed in (1, 2)]
    truth = write_table(tmp_path / "one.csv", "source,target,seed,score", rows)
    found = evaluate(truth, None, resamples=30)
    row = found["scorers"]["random"]
    assert row["regret@5"] > 0
    assert {row[f"{measure}_low"] for measure in MEASURES} == {None}
    assert "no intervals: they take two targets at least" in found["notes"]


def test_results_that_are_all_level_are_no_error(tmp_path: Path) -> None:
    rows = [(source, "t", 1, 0.5) for source in "ab"]
    truth = write_table(tmp_path / "level.csv", "source,target,seed,score", rows)
    found = evaluate(truth, None, resamples=10)
    assert found["scorers"]["random"]["regret@1"] == 0.0
    assert write_evaluation(found, tmp_path, "level")


def test_means_are_those_of_the_targets(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    for name in ("knows", "random"):
        for measure in ("regret@3", "ndcg", "gain@5"):
            each = [one["scorers"][name][measure] for one in found["per_target"].values()]
            assert found["scorers"][name][measure] == pytest.approx(sum(each) / 4)


def test_a_distance_ranks_as_the_score_it_mirrors(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    knows, distance = found["scorers"]["knows"], found["scorers"]["jsd"]
    for measure in MEASURES:
        assert distance[measure] == pytest.approx(knows[measure])
    assert (knows["direction"], distance["direction"]) == ("higher", "lower")
    assert knows["kendall"] > 0.5
    tops = [one["scorers"]["jsd"]["top"] for one in found["per_target"].values()]
    assert tops == [one["scorers"]["knows"]["top"] for one in found["per_target"].values()]


def test_the_default_is_asked_for_or_the_products_or_the_first(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    assert evaluate(truth, predictions, resamples=2)["default"] == "knows"
    assert evaluate(truth, predictions, default="blind", resamples=2)["default"] == "blind"
    with predictions.open("a") as file:
        file.write("logme,s0,t0,1.0,\n")
    found = evaluate(truth, predictions, resamples=2)
    assert found["default"] == "logme"
    assert found["scorers"]["logme"]["missing"] == 7
    assert found["scorers"]["logme"]["targets"] == 1
    assert any("logme has no score for 7 pairs" in note for note in found["notes"])
    with pytest.raises(SettingsError, match="'knowz'") as refused:
        evaluate(truth, predictions, default="knowz", resamples=2)
    assert refused.value.next_step == "did you mean knows?"


def test_differences_to_the_default_are_paired(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    assert found["scorers"]["knows"]["versus_default"] is None
    gap = found["scorers"]["blind"]["versus_default"]
    assert gap["measure"] == "excess_regret@5"
    ours, theirs = (found["scorers"][name]["excess_regret@5"] for name in ("knows", "blind"))
    assert gap["difference"] == pytest.approx(ours - theirs)
    assert gap["targets"] == 4


def test_without_predictions_there_are_the_rows_that_the_results_give(tmp_path: Path) -> None:
    truth, _ = write_results(tmp_path)
    found = evaluate(truth, None, resamples=2)
    assert set(found["scorers"]) == {"random", "source_popularity", "oracle_half"}
    assert found["predictions"] is None
    assert "no predictions" in found["notes"][0]


def test_predictions_of_other_pairs_are_an_error_or_a_note(tmp_path: Path) -> None:
    truth, _ = write_results(tmp_path)
    other = write_table(tmp_path / "other.csv", "scorer,source,target,score", [("x", "y", "z", 1)])
    with pytest.raises(UnreadableError, match="none of the pairs"):
        evaluate(truth, other, resamples=2)
    found = evaluate(truth, other, must_match=False, resamples=2)
    assert found["predictions"] is None
    assert any("other pairs and was not used" in note for note in found["notes"])


def test_a_predicted_popularity_is_kept_and_said_and_our_exact_rows_are_ours(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    before = evaluate(truth, predictions, resamples=2)
    with predictions.open("a") as file:
        file.writelines(
            f"{name},s{s},t{t},{s},\n"
            for name in ("source_popularity", "random")
            for s in range(8)
            for t in range(4)
        )
    after = evaluate(truth, predictions, resamples=2)
    assert after["scorers"]["source_popularity"] != before["scorers"]["source_popularity"]
    assert after["scorers"]["random"]["regret@5"] == before["scorers"]["random"]["regret@5"]
    said = " ".join(after["notes"])
    assert "source_popularity is as predicted" in said
    assert "random is computed exactly" in said


@pytest.mark.parametrize(("seeds", "cross_fitted"), [(1, False), (2, False), (3, True)])
def test_few_seeds_are_said_to_be_few(tmp_path: Path, seeds: int, cross_fitted: bool) -> None:
    found = _evaluate(tmp_path, n_seeds=seeds)
    assert found["per_target"]["t0"]["cross_fitted"] is cross_fitted
    assert (found["floor"]["regret@5"] is None) is (seeds == 1)
    if seeds == 1:
        assert "oracle_half" not in found["scorers"]
        assert found["scorers"]["knows"]["excess_regret@5"] is None
        assert found["scorers"]["blind"]["versus_default"]["measure"] == "regret@5"
        assert [goal["met"] for goal in found["goals"]] == [None] * 4
        assert all("two seeds" in goal["why"] for goal in found["goals"][:3])


def test_goals_say_what_was_measured_and_what_is_lacking(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    excess, quarter, baselines, tuned = found["goals"]
    ours, chance = (found["scorers"][name]["excess_regret@5"] for name in ("knows", "random"))
    assert excess == {"goal": "excess_regret@5 at most 1.0", "value": ours, "met": ours <= 1.0}
    assert quarter["value"] == pytest.approx(ours / chance)
    assert quarter["met"] is (ours <= chance / 4)
    assert baselines["met"] is None
    assert baselines["why"] == "no scores by source_size and textemb".replace(" and ", ", ")
    assert tuned["met"] is None
    assert "logme@tuned" in tuned["why"]


def test_a_default_that_a_baseline_beats_misses_whatever_else_is_lacking(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    text = predictions.read_text().replace("knows,", "textemb,").replace("jsd,", "logme@tuned,")
    # What is called logme@tuned now is the distance, which ranks the wrong way round as a score.
    predictions.write_text(text)
    found = evaluate(truth, predictions, default="logme@tuned", resamples=30)
    excess, _, baselines, tuned = found["goals"]
    assert excess["met"] is (found["scorers"]["logme@tuned"]["excess_regret@5"] <= 1.0)
    assert baselines["met"] is False
    assert baselines["value"] > 0
    assert tuned["why"] == "it is the default"
    assert set(BASELINES) >= {"random", "source_popularity"}


def test_a_hopeless_target_is_said_to_have_no_regret(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    lines = truth.read_text().splitlines()
    turned = [
        ",".join([*parts[:3], f"-{parts[3]}"]) if (parts := line.split(","))[1] == "t2" else line
        for line in lines
    ]
    truth.write_text("\n".join(turned) + "\n")
    found = evaluate(truth, predictions, resamples=10)
    assert found["left_out"] == [
        {
            "target": "t2",
            "reason": "none of its results is above 0, so that it has neither a relative regret nor an NDCG",
        }
    ]
    assert found["per_target"]["t2"]["scorers"]["knows"]["regret@1"] is None
    assert found["per_target"]["t2"]["scorers"]["knows"]["ndcg"] is None
    assert found["per_target"]["t2"]["scorers"]["knows"]["kendall"] is not None


def test_files_hold_what_the_object_holds(tmp_path: Path) -> None:
    found = _evaluate(tmp_path)
    written = write_evaluation(found, tmp_path / "out" / "deep", "ours")
    assert [path.name for path in written] == [
        "ours_table.csv",
        "ours_per_target.csv",
        "ours_table.md",
        "ours_evaluation.json",
        "ours_regret.svg",
        "ours_pool_size.svg",
    ]
    assert sorted(path.name for path in (tmp_path / "out" / "deep").iterdir()) == sorted(
        p.name for p in written
    )
    head, first, *_ = written[0].read_text().splitlines()
    best = ordered(found)[0]
    assert first.split(",")[0] == best
    cells = dict(zip(head.split(","), first.split(","), strict=True))
    assert float(cells["kendall"]) == pytest.approx(found["scorers"][best]["kendall"], abs=1e-6)
    assert len(written[1].read_text().splitlines()) == 1 + 4 * 6
    kept = json.loads(written[3].read_text())
    assert kept["truth"] == "results.csv"
    assert kept["scorers"].keys() == found["scorers"].keys()
    table = written[2].read_text()
    assert "| goal | value | |" in table
    # Two headings, one rule (the other starts with a dash), the scorers and four goals.
    assert table.count("\n| ") == 2 + 1 + len(found["scorers"]) + 4


def test_files_are_the_same_for_the_same_tables(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    contents = []
    for folder in ("one", "two"):
        written = write_evaluation(evaluate(truth, predictions, resamples=20), tmp_path / folder, "x")
        contents.append([path.read_bytes() for path in written])
    assert contents[0] == contents[1]


def test_drawings_hold_every_scorer_and_no_name_becomes_markup(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    predictions.write_text(predictions.read_text().replace("blind,", "<script>|=1,"))
    found = evaluate(truth, predictions, resamples=20)
    written = {path.name: path for path in write_evaluation(found, tmp_path, "x")}
    for name in ("x_regret.svg", "x_pool_size.svg"):
        tree = ElementTree.fromstring(written[name].read_text())  # noqa: S314 - our own file
        words = [one.text for one in tree.iter("{http://www.w3.org/2000/svg}text")]
        assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))
        for scorer in found["scorers"] if name == "x_regret.svg" else ("knows", "random", "floor"):
            assert scorer in words
    assert "<script>" not in written["x_table.md"].read_text()


def test_no_name_becomes_a_formula(tmp_path: Path) -> None:
    truth, predictions = write_results(tmp_path)
    predictions.write_text(predictions.read_text().replace("blind,", "=cmd(),"))
    written = write_evaluation(evaluate(truth, predictions, resamples=5), tmp_path, "x")
    for path in written[:2]:
        assert "'=cmd()" in path.read_text()
        assert ",=cmd" not in path.read_text()
        assert "\n=cmd" not in path.read_text()


def test_cells_are_as_many_as_headings_even_where_nothing_is_known(tmp_path: Path) -> None:
    found = _evaluate(tmp_path, n_seeds=1)
    for row in found["scorers"].values():
        cells = cells_of(row)
        assert len(cells) == len(COLUMNS)
        assert cells[3] == "\N{EN DASH}"
