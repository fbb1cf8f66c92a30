from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.gate import GateSettings, run_gate
from models.errors import GateError
from models.tasks import Task


def dataset(rows, label=pl.String) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "split": ["train"] * len(rows),
            "position": pl.Series(range(len(rows)), dtype=pl.Int64),
            "text_a": pl.Series([a for a, _, _ in rows], dtype=pl.String),
            "text_b": pl.Series([b for _, b, _ in rows], dtype=pl.String),
            "label": pl.Series([y for _, _, y in rows], dtype=label),
        }
    )


def good(n=40):
    return [(f"an ordinary sentence, number {i}", None, "ab"[i % 2]) for i in range(n)]


def gate(rows, task=Task.CLASSIFICATION, **options):
    options = {"role": "source", "name": "mine", "settings": GateSettings()} | options
    return run_gate(rows, task, **options)


def test_good_rows_pass_untouched_and_in_order() -> None:
    rows = dataset(good())
    before = rows.clone()
    report = gate(rows)
    assert_frame_equal(report.accepted, before)
    assert_frame_equal(rows, before)
    assert report.refused.is_empty()
    assert not report.stopped
    assert report.findings == []


def test_every_row_ends_up_on_exactly_one_side_with_its_first_reason() -> None:
    bad = [
        (None, None, "a"),
        ("   ", None, "a"),
        ("no label", None, None),
        ("caf\ufffd", None, "b"),
        ("http://example.org", None, "a"),
        ("an ordinary sentence, number 0", None, "a"),
        ("torn", None, "a"),
        ("torn", None, "b"),
    ]
    rows = dataset(good() + bad)
    report = gate(rows)
    assert report.refused["rule"].to_list() == [
        "missing_text",
        "blank_text",
        "missing_label",
        "encoding_debris",
        "markup_only",
        "duplicate_row",
        "conflicting_labels",
        "conflicting_labels",
    ]
    assert report.refused["reason"].null_count() == 0
    back = pl.concat([report.accepted, report.refused.drop("rule", "reason")]).sort("position")
    assert_frame_equal(back, rows)


def test_three_rows_are_refused_as_a_dataset() -> None:
    report = gate(dataset(good(3)))
    assert report.stopped
    assert report.reasons[0] == "3 good rows are left and at least 20 are needed"
    assert report.accepted.height == 3


def test_no_rows_at_all_are_refused_without_a_crash(tmp_path) -> None:
    report = gate(dataset([]), docs=tmp_path)
    assert report.stopped
    assert report.docs_page is not None


def test_an_entirely_unlabelled_dataset_is_refused() -> None:
    report = gate(dataset([(text, None, None) for text, _, _ in good()]))
    assert report.stopped
    assert report.accepted.is_empty()
    assert "40 of 40 rows (100.0%) were refused, more than 50%" in report.reasons


@pytest.mark.parametrize(
    ("labels", "rule"),
    [(["a"] * 40, "single_class"), ([f"id{i}" for i in range(40)], "too_many_classes")],
)
def test_hopeless_labels_stop_the_dataset(labels, rule) -> None:
    rows = dataset([(text, None, y) for (text, _, _), y in zip(good(), labels, strict=True)])
    report = gate(rows)
    assert rule in [finding.rule for finding in report.findings if finding.severity == "stop"]
    assert report.stopped


def test_regression_labels_must_be_finite_and_vary() -> None:
    rows = dataset([(text, None, float(i % 5)) for i, (text, _, _) in enumerate(good())], pl.Float64)
    rows = rows.with_columns(label=pl.when(pl.col("position") == 7).then(float("nan")).otherwise("label"))
    report = gate(rows, Task.REGRESSION)
    assert report.refused["rule"].to_list() == ["non_finite_label"]
    constant = gate(rows.with_columns(label=pl.lit(1.5)), Task.REGRESSION)
    assert [f.rule for f in constant.findings if f.severity == "stop"] == ["constant_label"]


def test_a_declared_range_is_kept() -> None:
    rows = dataset([(text, None, float(i)) for i, (text, _, _) in enumerate(good())], pl.Float64)
    settings = GateSettings(target={"label_range": {"min": 1, "max": 30}})
    report = gate(rows, Task.REGRESSION, role="target", settings=settings)
    assert report.refused["label"].to_list() == [0.0, *map(float, range(31, 40))]
    assert "from 1 to 30" in report.refused["reason"][0]


def test_a_pair_needs_both_texts_and_identical_ones_are_reported() -> None:
    rows = [(a, f"and its partner {a}", y) for a, _, y in good()]
    rows += [("alone", None, "a"), ("twice", "twice", "b")]
    report = gate(dataset(rows), Task.PAIR_CLASSIFICATION)
    assert report.refused["rule"].to_list() == ["missing_second_text"]
    assert [(f.rule, f.severity, f.rows) for f in report.findings][-1] == ("identical_sides", "warning", 1)


def test_severity_decides_between_quarantine_warning_and_silence() -> None:
    rows = dataset([*good(), ("an ordinary sentence, number 0", None, "a")])
    strict = gate(rows)
    warned = gate(rows, settings=GateSettings(source={"duplicate_row": {"severity": "warning"}}))
    silent = gate(rows, settings=GateSettings(source={"duplicate_row": {"severity": "off"}}))
    assert (strict.refused.height, warned.refused.height, silent.refused.height) == (1, 0, 0)
    assert [finding.severity for finding in warned.findings] == ["warning"]
    assert silent.findings == []


def test_a_gate_whose_row_rules_are_all_off_lets_rows_pass() -> None:
    settings = GateSettings().model_dump(exclude_none=True)
    for name, rule in settings["source"].items():
        rule["severity"] = "stop" if name == "row_count" else "off"
    rows = dataset([*good(), (None, None, None)])
    report = gate(rows, settings=GateSettings.model_validate(settings))
    assert_frame_equal(report.accepted, rows)
    assert (report.refused.height, report.stopped) == (0, False)
    assert gate(rows[:3], settings=GateSettings.model_validate(settings)).stopped


def test_duplicates_are_told_apart_by_split_and_by_missing_second_text() -> None:
    rows = dataset([*good(), good()[0]])
    other = rows.with_columns(split=pl.when(pl.col("position") == 40).then(pl.lit("test")).otherwise("split"))
    assert gate(rows).refused.height == 1
    assert gate(other).refused.height == 0


def test_the_summary_is_json() -> None:
    summary = gate(dataset([*good(), (None, None, "a")])).summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["rows"] == summary["accepted"] + summary["refused"] == 41
    assert summary["refused_by_rule"] == {"missing_text": 1}


def test_examples_are_short_and_printable() -> None:
    report = gate(dataset([*good(), ("\x1b[31mred \ufffd" + "x" * 9999, None, "a")]))
    (example,) = report.findings[0].examples
    assert example.isprintable()
    assert len(example) < 300


def test_rows_that_are_not_canonical_are_a_clear_error() -> None:
    with pytest.raises(GateError, match=r"lack label.*Next:"):
        gate(dataset(good()).drop("label"))
    with pytest.raises(GateError, match="hold String labels"):
        gate(dataset(good()), Task.REGRESSION)


def test_with_pages_the_answer_is_the_same_and_nobody_disagrees(tmp_path) -> None:
    rows = dataset([*good(), (None, None, "a"), ("torn", None, "a"), ("torn", None, "b")])
    plain, shown = gate(rows), gate(rows, docs=tmp_path)
    assert_frame_equal(plain.accepted, shown.accepted)
    assert_frame_equal(plain.refused, shown.refused)
    assert plain.findings == shown.findings


def test_a_rule_whose_two_sides_differ_is_reported(tmp_path, monkeypatch) -> None:
    from dataclasses import replace

    from features.gate import rules

    lax = replace(rules.RULES["blank_text"], mask=lambda task, params: pl.col("split") != "")
    monkeypatch.setitem(rules._RULES, "blank_text", lax)
    report = gate(dataset([*good(), ("   ", None, "a")]), docs=tmp_path)
    assert any("disagree on blank_text" in finding.message for finding in report.findings)
    assert report.refused.is_empty()
