from __future__ import annotations

from typing import Any

from features.rankings.changes import Move, changes_between


def ranking(*rows: tuple[str, float, int], **more: Any) -> dict[str, Any]:
    found = [
        {"rank": rank, "source": name, "source_version": f"{name}-1", "score": score, "tier": tier}
        for rank, (name, score, tier) in enumerate(rows, 1)
    ]
    plain = {
        "target_version": "t",
        "encoder": "e",
        "scorer": "logme",
        "settings": {"seed": 0},
        "code": "1",
        "ranking": found,
        "excluded": [],
    }
    return {**plain, **more}


OLD = ranking(("a", 0.9, 1), ("b", 0.8, 2), ("c", 0.7, 2), ("d", 0.6, 2))


def causes(moves: tuple[Move, ...]) -> dict[str, str]:
    return {move.source: move.cause for move in moves}


def test_the_same_ranking_has_nothing_to_tell() -> None:
    same = changes_between(OLD, OLD)
    assert (same.moves, same.causes, same.still, same.leading_changed) == ((), (), 4, False)
    assert same.short == "no rank moved"


def test_who_came_went_and_was_pushed_aside() -> None:
    new = ranking(
        ("e", 0.95, 1),
        ("a", 0.9, 1),
        ("b", 0.8, 2),
        ("c", 0.7, 2),
        excluded=[{"source": "d", "reason": "a leak"}],
    )
    found = changes_between(OLD, new)
    assert (found.came, found.left, found.still) == (("e",), ("d",), 0)
    assert causes(found.moves)["e"] == "new in the pool"
    assert causes(found.moves)["d"] == "left out: a leak"
    assert causes(found.moves)["a"] == "its score is the same; others came, went or moved"
    assert {found.moves[0].source, found.moves[1].source} == {"d", "e"}
    assert found.leading_sentence == "The leading tier was a; it is e and a now."
    assert found.causes == ("1 source came: e.", "1 source went: d.")
    back = changes_between(new, OLD)
    assert causes(back.moves)["d"] == "was left out before: a leak"
    assert causes(back.moves)["e"] == "not in the pool"


def test_an_order_inside_the_tier_is_no_news() -> None:
    new = ranking(("a", 0.9, 1), ("c", 0.85, 2), ("b", 0.8, 2), ("d", 0.6, 2))
    found = changes_between(OLD, new)
    assert not found.leading_changed
    assert found.short == "same leading tier, 2 ranks moved"
    assert causes(found.moves) == {
        "c": "the same inputs give another score (code 1, now 1)",
        "b": "its score is the same; others came, went or moved",
    }
    assert found.causes == ()


def test_each_cause_is_told_from_what_the_two_were_made_from() -> None:
    other = (("b", 0.91, 1), ("a", 0.9, 2), ("c", 0.7, 2), ("d", 0.6, 2))
    rows = ranking(*other)
    rows["ranking"][0]["source_version"] = "b-2"
    assert causes(changes_between(OLD, rows).moves)["b"] == "its rows changed"
    for more, cause, sentence in (
        ({"target_version": "u"}, "the target's rows changed", "The target's own rows changed."),
        (
            {"settings": {"seed": 1}},
            "other settings of the scorer",
            "The settings changed: seed was 0 and is 1.",
        ),
        (
            {"code": "2"},
            "the same inputs give another score (code 1, now 2)",
            "It was made by Springboard 2, and before by 1.",
        ),
    ):
        found = changes_between(OLD, ranking(*other, **more))
        assert causes(found.moves)["b"] == cause
        assert found.causes == (sentence,)


def test_names_are_safe_to_show_and_empty_rankings_can_be_compared() -> None:
    found = changes_between(ranking(), ranking(("x\x1b\u202e", 1.0, 1)))
    assert found.came == ("x\ufffd\ufffd",)
    assert found.leading_sentence == "The leading tier was nothing; it is x\ufffd\ufffd now."
