"""A setting chosen by the other targets is judged on the one that had no say."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.transfer.choose import CHOSEN_BY_OTHERS, table_of


def _target(**regrets: float) -> dict[str, Any]:
    measures = ("regret@1", "regret@3", "regret@5", "kendall", "gain")
    return {"scorers": {name: dict.fromkeys(measures, value) for name, value in regrets.items()}}


def test_a_target_has_no_say_in_what_is_chosen_for_it() -> None:
    # t and u prefer plain, v prefers centred by so much that it decides wherever it is among the others.
    per_target = {
        "t": _target(plain=1.0, centred=2.0),
        "u": _target(plain=1.0, centred=2.0),
        "v": _target(plain=9.0, centred=0.0),
    }
    table = table_of(per_target, ["plain", "centred"])
    chosen = dict(
        table.filter((table["chosen"] == 1.0) & (table["target"] != "all"))
        .select("target", "candidate")
        .rows()
    )
    assert chosen == {"t": "centred", "u": "centred", "v": "plain"}
    judged = table.filter(table["candidate"] == CHOSEN_BY_OTHERS)
    assert dict(judged.select("target", "regret@5").rows()) == {
        "t": 2.0,
        "u": 2.0,
        "v": 9.0,
        "all": pytest.approx(13 / 3),
    }


def test_the_others_choose_as_if_a_target_had_never_been() -> None:
    # Counted with all targets plain is the best of each; without t, which plain learned it from, it is not.
    per_target = {name: _target(plain=0.0, centred=1.0) for name in "tuv"}
    never_t = {name: _target(plain=5.0, centred=1.0) for name in "uv"}
    never_u, never_v = ({name: per_target[name] for name in names} for names in ("tv", "tu"))
    table = table_of(per_target, ["plain", "centred"], {"t": never_t, "u": never_u, "v": never_v})
    chosen = table.filter((table["chosen"] == 1.0) & (table["target"] != "all")).select("target", "candidate")
    assert dict(chosen.rows()) == {"t": "centred", "u": "plain", "v": "plain"}
    judged = table.filter(table["candidate"] == CHOSEN_BY_OTHERS)
    assert dict(judged.select("target", "regret@5").rows())["t"] == 1.0


def test_targets_that_a_candidate_did_not_rank_are_left_out() -> None:
    per_target = {
        "t": _target(plain=1.0, centred=2.0),
        "u": _target(plain=1.0, centred=2.0),
        "v": _target(plain=1.0),
    }
    assert "v" not in table_of(per_target, ["plain", "centred"])["target"].to_list()
    with pytest.raises(ValueError, match="two targets"):
        table_of({"t": per_target["t"], "v": per_target["v"]}, ["plain", "centred"])
