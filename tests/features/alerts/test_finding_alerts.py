from __future__ import annotations

import threading
from typing import Any

import pytest
from support.workspaces import Team

from features.alerts.alert import Alert
from features.alerts.finding import raise_alerts
from features.alerts.outbox import Outbox
from features.alerts.tiers import is_news
from features.artefacts.plan import Plan
from features.rankings.ranking import ranking_id, write_ranking
from features.registry import Ledger
from features.registry.promises import promise_freshness
from features.workspace import Workspace


def refuse(workspace: Workspace, name: str, **more: str) -> None:
    refusal = {"name": name, "role": "source", "reference": "x.csv", "reasons": ["too few rows"], "rows": 3}
    Ledger(workspace.ledgers / "quarantine.jsonl").append({**refusal, "refused_by_rule": {}, **more})


def raised(workspace: Workspace) -> list[tuple[str, str]]:
    return [(alert["kind"], alert["what"]) for alert in raise_alerts(Plan(workspace))]


def test_a_refused_dataset_is_told_once(workspace: Workspace) -> None:
    refuse(workspace, "old", at="2020-01-01T00:00:00+00:00")  # Before anybody looked: no news.
    refuse(workspace, "bad")
    (alert,) = raise_alerts(Plan(workspace))
    assert (alert["kind"], alert["why"]) == ("gate_refused", "too few rows")
    assert alert["next"] == "springboard quarantine show bad"
    assert raised(workspace) == []
    # The look that was killed before it could note how far it came, and one whose place was lost.
    (workspace.private / "alerts-seen.json").unlink()
    assert raised(workspace) == []
    refuse(workspace, "worse", at="2020-01-01T00:00:00+00:00")  # A clock put back hides nothing.
    assert raised(workspace) == [("gate_refused", "source 'worse' was refused by the quality gate")]


def test_what_the_inbox_refused_before_the_gate_is_told_too(workspace: Workspace) -> None:
    ledger = Ledger(workspace.ledgers / "intake.jsonl")
    line = {
        "kind": "source",
        "place": "inbox/sources/a.csv",
        "name": "",
        "next_step": "mend it",
        "watched": False,
    }
    ledger.append({**line, "event": "refused", "reason": "it is empty", "by_gate": False})
    ledger.append({**line, "event": "refused", "reason": "too few rows", "by_gate": True})
    ledger.append({**line, "event": "taken", "reason": "", "by_gate": False})
    (alert,) = raise_alerts(Plan(workspace))
    assert (alert["why"], alert["next"]) == ("it is empty", "mend it")
    assert "of the inbox" in alert["what"]


def test_new_code_that_refuses_the_same_content_for_the_same_reason_is_no_news(workspace: Workspace) -> None:
    ledger = Ledger(workspace.ledgers / "intake.jsonl")
    line = {"event": "refused", "kind": "source", "place": "inbox/sources/a.csv", "variant": "", "name": "a"}
    for content, reason, told in (
        ("h1", "it is empty", 1),
        ("h1", "it is empty", 0),  # As when the code that reads was updated, and tried it again.
        ("h1", "it has no rows", 1),
        ("h2", "it is empty", 1),
        ("", "it cannot be opened", 1),
        ("", "it cannot be opened", 1),  # Of what nobody could read nobody knows whether it is the same.
    ):
        ledger.append({**line, "content": content, "reason": reason, "by_gate": False})
        assert len(raise_alerts(Plan(workspace))) == told, (content, reason)


def test_kinds_that_nobody_wants_are_not_raised(workspace: Workspace) -> None:
    refuse(workspace, "bad")
    params = workspace.params_file.read_text(encoding="utf-8")
    start = params.index("kinds:", params.index("alerts:"))
    end = params.index("events:", start)
    workspace.params_file.write_text(
        f"{params[:start]}kinds: [flow_hangs]\n  {params[end:]}", encoding="utf-8"
    )
    assert raised(Workspace(workspace.root)) == []


def test_two_who_find_the_same_at_once_raise_it_once(workspace: Workspace) -> None:
    alerts = [Alert("gate_refused", (str(number),), "what", "why", "next") for number in range(5)]
    gate, found = threading.Barrier(4), []

    def look() -> None:
        gate.wait()
        found.extend(Outbox(workspace).raise_new(alerts, {"gate_refused": ["webhook"]}))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5 == len(Outbox(workspace).standings())


def test_a_broken_promise_is_told_once(team: Team) -> None:
    workspace = team.workspace
    assert raised(workspace) == []  # t2 is stale, and nothing was promised; t1 was ranked for the first time.
    promise_freshness(workspace, Plan(workspace).registry, "t2", "0.001s")
    (alert,) = raise_alerts(Plan(workspace))
    assert alert["what"] == "target 't2' is staler than promised (0.001s)"
    assert alert["next"] == "springboard refresh t2"
    assert "never ranked" in alert["why"]
    promise_freshness(workspace, Plan(workspace).registry, "t2", "0.002s")
    assert raised(workspace) == []


def ranking(*tiers: str, **more: Any) -> dict[str, Any]:
    """A ranking whose tiers hold sources of one letter each, best first: ``ranking("ab", "c")``."""
    rows = [
        {"rank": 0, "source": name, "source_version": name, "score": 0.0, "stderr": 0.1, "tier": number}
        for number, names in enumerate(tiers, start=1)
        for name in names
    ]
    for rank, row in enumerate(rows, start=1):
        row |= {"rank": rank, "score": -float(rank)}
    about = {
        "target": "t",
        "target_version": "v",
        "encoder": "e",
        "scorer": "logme",
        "settings": {},
        "pool_size": 9,
    }
    whole = {**about, "base_score": None, "ranking": rows, "excluded": [], "code": "1", **more}
    return {**whole, "ranking_id": ranking_id(whole)}


@pytest.mark.parametrize(
    ("old", "new", "news"),
    [
        (["ab", "c"], ["ba", "c"], False),  # another order inside of the tier
        (["ab", "c"], ["abc"], False),  # the tier's edge moved
        (["abc"], ["a", "bc"], False),
        (["ab", "c"], ["nab", "c"], False),  # a new source leads, and cannot be told from the old leader
        (["ab", "c"], ["n", "ab", "c"], True),  # a new source beats them
        (["ab", "c"], ["b", "ac"], True),  # the old leader is beaten
        (["ab", "c"], ["cab"], True),  # who was beaten leads
        (["ab", "c"], ["b", "c"], True),  # the old leader is gone
        (["ab"], [], True),  # nothing can be ranked any more
        ([], ["a"], True),
        ([], [], False),
    ],
)
def test_what_is_news_about_a_leading_tier(old: list[str], new: list[str], news: bool) -> None:
    assert is_news(ranking(*old), ranking(*new)) is news


def test_another_leading_tier_is_told_once_and_a_restored_one_is_not(workspace: Workspace) -> None:
    ledger = Ledger(workspace.ledgers / "rankings.jsonl")

    def rank(*tiers: str, scorer: str = "logme", **more: str) -> None:
        made = ranking(*tiers, scorer=scorer)
        write_ranking(workspace.folder("rankings"), made)
        names = ("target", "target_version", "scorer", "encoder", "ranking_id")
        ledger.append({**{name: made[name] for name in names}, "state": "s", **more})

    workspace.make_folders()
    rank("ab", "c")
    rank("ba", "c")
    assert raised(workspace) == []
    rank("c", "ab")
    rank("b", "ac", scorer="nce")
    (alert,) = raise_alerts(Plan(workspace))
    assert alert["what"] == "target 't': the leading tier was b and a; it is c now"
    assert alert["about"]["leading"] == ["c"]
    assert alert["next"] == "springboard rank t"
    assert raised(workspace) == []
    rank("ab", "c", restored_from="1234")
    assert raised(workspace) == []
    rank("c", "ab")
    assert len(raised(workspace)) == 1
