from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.rankings.view import view_of
from models.errors import ArtefactError

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


def entry(rank: int, score: float, tier: int, **more: Any) -> dict[str, Any]:
    filled = {"source": f"s{rank}", "source_version": f"v{rank}", "stderr": 0.01, "previous_rank": None}
    return {"rank": rank, "score": score, "tier": tier, **filled, **more}


def ranking(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "target": "mails",
        "target_version": "t1",
        "encoder": "enc1",
        "scorer": "logme",
        "ranking_id": "r1",
        "created_at": "2026-11-22T19:00:00Z",
        "pool_size": len(entries),
        "ranking": list(entries),
        "excluded": [],
        **more,
    }


def test_a_row_carries_numbers_and_texts() -> None:
    view = view_of(ranking(entry(1, 0.62, 1, stderr=0.0123), entry(2, 0.5, 2, stderr=None)), now=NOW)
    first, second = view.rows
    assert (first.score_text, first.stderr_text) == ("0.6200", "± 0.0123")
    assert (first.low, first.high) == pytest.approx((0.5954, 0.6446))
    assert (second.stderr_text, second.low, second.high) == ("\N{EN DASH}", 0.5, 0.5)
    assert [row.starts_tier for row in view.rows] == [True, True]
    assert view.age == "3 hours ago"
    assert view.created_text == "2026-11-22 19:00 UTC"


def test_rows_come_out_by_rank_and_the_input_stays_as_it_was() -> None:
    given_ranking = ranking(entry(2, 0.1, 1), entry(1, 0.2, 1))
    before = repr(given_ranking)
    assert [row.rank for row in view_of(given_ranking, now=NOW).rows] == [1, 2]
    assert repr(given_ranking) == before


def test_movement_is_told_in_signs_and_in_words() -> None:
    view = view_of(
        ranking(
            entry(1, 4.0, 1, previous_rank=3),
            entry(2, 3.0, 1, previous_rank=1),
            entry(3, 2.0, 1, previous_rank=3),
            entry(4, 1.0, 1),
        ),
        now=NOW,
    )
    assert [row.moved for row in view.rows] == ["▲ 2", "▼ 1", "=", "new"]
    assert [row.moved_words for row in view.rows] == ["up 2", "down 1", "same", "new"]


def test_nothing_is_new_in_a_first_ranking_but_all_is_after_a_previous_one() -> None:
    rows = [entry(1, 1.0, 1), entry(2, 0.5, 1)]
    assert [row.moved for row in view_of(ranking(*rows), now=NOW).rows] == ["", ""]
    second = view_of(ranking(*rows, previous_ranking_id="r0"), now=NOW)
    assert [row.moved for row in second.rows] == ["new", "new"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([entry(1, 0.9, 1), entry(2, 0.5, 2)], "s1 comes first, alone in its tier"),
        (
            [entry(1, 0.9, 1), entry(2, 0.8, 1), entry(3, 0.1, 2)],
            "The first tier holds 2 sources that the data",
        ),
        ([entry(1, 0.9, 1), entry(2, 0.8, 1)], "The data cannot tell the 2 sources apart: s1 and s2."),
        ([entry(1, 0.9, 1)], "Only one source is ranked, s1"),
        ([entry(1, 0.9, 1, stderr=None), entry(2, 0.8, 1, stderr=None)], "No standard errors were computed"),
        (
            [entry(1, 0.9, 1), entry(2, 0.8, 1), entry(3, 0.1, 1, stderr=None)],
            "The data cannot tell the leading 2 sources apart: s1 and s2.",
        ),
        ([], "Nothing is ranked"),
    ],
)
def test_the_summary_claims_what_the_tiers_allow(rows: list[dict[str, Any]], sentence: str) -> None:
    assert view_of(ranking(*rows), now=NOW).summary.startswith(sentence)


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        ({"score": 0.95, "stderr": 0.01}, "No source scores above the untouched encoder"),
        ({"score": 0.90, "stderr": None}, "No source scores above the untouched encoder"),
        ({"score": 0.88, "stderr": 0.01}, "Even the leader's gain over the untouched encoder is within"),
        ({"score": 0.60, "stderr": 0.01}, "1 of 2 score above the untouched encoder."),
        (None, ""),
    ],
)
def test_the_summary_says_whether_the_untouched_encoder_is_beaten(base: Any, sentence: str) -> None:
    view = view_of(ranking(entry(1, 0.9, 1), entry(2, 0.5, 2), base_score=base), now=NOW)
    assert view.base_sentence.startswith(sentence)
    assert (view.base_sentence == "") == (base is None)


def test_top_cuts_rows_but_not_what_is_said_of_them() -> None:
    rows = [entry(1, 0.9, 1), entry(2, 0.8, 1), entry(3, 0.7, 1), entry(4, 0.1, 2)]
    whole, cut = view_of(ranking(*rows), now=NOW), view_of(ranking(*rows), top=2, now=NOW)
    assert (len(cut.rows), cut.ranked) == (2, 4)
    assert cut.summary == whole.summary
    assert cut.tiers == whole.tiers
    assert cut.hidden_text == "2 more sources not shown, 1 of them in tier 1"
    assert view_of(ranking(*rows), top=3, now=NOW).hidden_text == "1 more source not shown"
    assert whole.hidden_text == ""


def test_tiers_say_which_of_their_members_were_compared() -> None:
    rows = [entry(1, 0.9, 1), entry(2, 0.8, 2), entry(3, 0.7, 2), entry(4, 0.1, 3, stderr=None)]
    tiers = view_of(ranking(*rows), now=NOW).tiers
    assert [(tier.first_rank, tier.last_rank, tier.label) for tier in tiers] == [
        (1, 1, "stands alone"),
        (2, 3, "cannot be told apart"),
        (4, 4, "ordered by score only"),
    ]


def test_the_head_names_what_was_left_out_and_the_base() -> None:
    view = view_of(
        ranking(
            entry(1, 0.9, 1),
            pool_size=3,
            excluded=[{"source": "x", "reason": "leak"}, {"source": "y", "reason": "leak"}],
            base_score={"score": 0.5, "stderr": 0.02},
            task="pair_classification",
            target_rows=1500,
            encoder_label="MiniLM, mean",
        ),
        now=NOW,
    )
    facts = dict(view.facts)
    assert facts["Target"] == "pair classification, 1,500 rows"
    assert facts["Sources"] == "1 ranked of 3 in the pool, 2 left out"
    assert facts["Untouched encoder"] == "0.5000 ± 0.0200, beaten by 1 of 1"
    assert facts["Encoder"] == "MiniLM, mean"


@pytest.mark.parametrize(
    "broken",
    [
        {"ranking": [{"rank": 1}]},
        {"ranking": [entry(1, float("nan"), 1)]},
        {"ranking": [entry(1, "high", 1)]},  # type: ignore[arg-type]
        {"created_at": "yesterday"},
        {"excluded": ["x"]},
        {"ranking": None},
    ],
)
def test_a_broken_ranking_is_refused_with_its_name_and_a_next_step(broken: dict[str, Any]) -> None:
    with pytest.raises(ArtefactError, match="mails") as caught:
        view_of(ranking(entry(1, 0.5, 1), **broken), now=NOW)
    assert "springboard refresh" in caught.value.next_step


def test_a_missing_field_is_named() -> None:
    incomplete = ranking(entry(1, 0.5, 1))
    del incomplete["scorer"]
    with pytest.raises(ArtefactError, match="'scorer' is missing"):
        view_of(incomplete, now=NOW)


@given(st.text())
def test_a_shown_name_is_one_line_that_can_be_written_and_reorders_nothing(name: str) -> None:
    shown = view_of(ranking(entry(1, 0.5, 1, source=name)), now=NOW).rows[0].source
    assert len(shown) == len(name)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set("\x00\x07\x1b\x9b\u202e\u2066\u200f\ufeff")


def test_where_lower_is_better_the_base_is_beaten_from_below() -> None:
    rows = [entry(1, 0.2, 1), entry(2, 0.4, 2), entry(3, 0.9, 2)]
    base = {"score": 0.5, "stderr": 0.01}
    view = view_of(ranking(*rows, base_score=base, direction="lower"), now=NOW)
    assert view.base is not None
    assert view.base.beaten_by == 2
    assert view.base_sentence == "2 of 3 score below the untouched encoder (lower is better)."
    assert dict(view.facts)["Scorer"] == "logme (lower is better)"
    worse = view_of(ranking(*rows, base_score={"score": 0.1, "stderr": 0.01}, direction="lower"), now=NOW)
    assert worse.base_sentence.startswith("No source scores below the untouched encoder")
    near = view_of(ranking(*rows, base_score={"score": 0.21, "stderr": 0.01}, direction="lower"), now=NOW)
    assert near.base_sentence.startswith("Even the leader's gain over the untouched encoder is within")


def test_a_ranking_without_a_direction_is_one_where_higher_is_better() -> None:
    view = view_of(ranking(entry(1, 0.9, 1), base_score={"score": 0.5}), now=NOW)
    assert not view.lower_is_better
    assert view.base is not None
    assert view.base.beaten_by == 1
    with pytest.raises(ArtefactError, match="direction is sideways"):
        view_of(ranking(entry(1, 0.9, 1), direction="sideways"), now=NOW)


def test_where_nothing_was_tested_no_tier_is_claimed() -> None:
    rows = [entry(1, 0.2, 1, stderr=None), entry(2, 0.4, 1, stderr=None)]
    reason = "the scores are not of the target's rows"
    view = view_of(ranking(*rows, direction="lower", no_stderr=reason), now=NOW)
    assert view.summary == f"No standard errors: {reason}. The order is by score only: s1 is lowest."
    assert [tier.label for tier in view.tiers] == ["ordered by score only"]
    assert not view.has_errors
    tied = view_of(ranking(entry(1, 0.4, 1, stderr=None), rows[1], no_stderr=reason), now=NOW)
    assert tied.summary.endswith("All 2 sources have the same score.")
    leading = view_of(ranking(*(entry(n, s, 1, stderr=None) for n, s in enumerate((4, 4, 3), 1))), now=NOW)
    assert leading.summary.endswith("2 sources come first, all with the same score.")


def test_a_ranking_of_nothing_says_the_reason_that_all_share() -> None:
    excluded = [{"source": name, "reason": "no results yet"} for name in ("x", "y")]
    view = view_of(ranking(excluded=excluded), now=NOW)
    assert view.summary == (
        "Nothing is ranked: no source could be scored; 2 sources were left out (no results yet)."
    )
    excluded[0]["reason"] = "a leak"
    assert "left out, for 2 reasons." in view_of(ranking(excluded=excluded), now=NOW).summary
