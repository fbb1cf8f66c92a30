"""What must hold in the end, each asked of the commands as somebody who comes back would ask."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.soak.feed import Fed
from benchmarks.soak.receiver import Receiver

__all__ = ["Check", "asked", "checks"]

_NO = 1


@dataclass(frozen=True)
class Check:
    """``what`` must hold, whether it ``held``, and what was ``seen`` instead or besides."""

    what: str
    held: bool
    seen: Any = None


def asked(root: Path, *words: str) -> Any:
    """What a command prints as JSON; an exit code of 1 is an answer too.

    Raises
    ------
    RuntimeError
        The command failed.
    """
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words, "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode not in (0, _NO) or not done.stdout.strip():
        raise RuntimeError(
            f"springboard {' '.join(words)} ended with {done.returncode}: {done.stderr[-1000:]}"
        )
    return json.loads(done.stdout)


def checks(root: Path, fed: Sequence[Fed], receiver: Receiver, kills: int) -> Iterator[Check]:
    """All of them.

    Parameters
    ----------
    root
        The workspace's folder.
    fed
        What was put into the inbox.
    receiver
        What the webhook was told.
    kills
        How often the serving process was killed without a word: so many runs may have died with it.
    """
    watched = {Path(one["place"]).name: one for one in asked(root, "watch", "list")}
    yield from _taken(fed, watched)
    yield from _ranked(root, fed, watched)
    yield from _alerts(root, fed, receiver, kills)
    status = asked(root, "status")
    yield Check("status is well: nothing pending, nothing stale", _is_well(status), _summary(status))
    audit = asked(root, "audit")
    yield Check("the audit log verifies", audit["whole"], audit["problems"])
    upkeep = asked(root, "maintain", "--dry-run")
    yield Check("every artefact, ledger and table is whole", upkeep["whole"], upkeep["problems"])
    yield from _pages(root, fed, watched)


def _of(fed: Sequence[Fed], fate: str, folder: str = "sources") -> list[Fed]:
    return [one for one in fed if one.fate == fate and one.folder == folder]


def _taken(fed: Sequence[Fed], watched: dict[str, Any]) -> Iterator[Check]:
    states = {one.name: watched.get(one.name, {}).get("state", "not seen") for one in fed}
    due = {one.name: "refused" if one.fate == "refused" else "taken" for one in fed}
    other = {name: states[name] for name in due if states[name] != due[name]}
    yield Check("every good file was taken and every broken one refused", not other, other)
    silent = [one.name for one in _of(fed, "refused") if not watched.get(one.name, {}).get("reason")]
    yield Check("every broken file has its reason", not silent, silent)


def _ranked(root: Path, fed: Sequence[Fed], watched: dict[str, Any]) -> Iterator[Check]:
    good = [watched[one.name]["version"] for one in _of(fed, "ranked") if one.name in watched]
    moments = len(list((root / "data" / "moments").glob("*.safetensors")))
    yield Check("every source was tuned on once", moments == len(good), [moments, len(good)])
    for target in (watched[one.name]["name"] for one in _of(fed, "ranked", "targets") if one.name in watched):
        shown = asked(root, "rank", target)
        versions = [row["source_version"] for row in shown["ranking"]]
        once = max(Counter(versions).values(), default=0) <= 1
        excluded = {one["source"]: one["reason"] for one in shown["excluded"]}
        both = len(versions) + len(excluded)
        yield Check(f"every source is ranked once for {target}, or left out with a reason",
                    once and both == len(good) and all(excluded.values()), [len(versions), excluded])  # fmt: skip


def _alerts(root: Path, fed: Sequence[Fed], receiver: Receiver, kills: int) -> Iterator[Check]:
    told = asked(root, "alerts", "list")
    kinds = Counter(one["kind"] for one in told)
    refused = len(_of(fed, "refused"))
    yield Check("one alert for each refusal", kinds["gate_refused"] == refused, dict(kinds))
    # A run that was killed is told of; nothing else may fail, hang or be stale.
    others = {kind for kind in kinds if kind not in ("gate_refused", "flow_failed", "tier_changed")}
    failures = [one["what"] for one in told if one["kind"] == "flow_failed"]
    yield Check(
        "no other failure than runs that were killed", not others and len(failures) <= 2 * kills, failures
    )
    came = Counter(one["id"] for one in receiver.alerts)
    missing = sorted({one["id"] for one in told} - set(came))
    yield Check("the webhook was told all of them", not missing, missing)
    twice = sum(count - 1 for count in came.values())
    yield Check("each once; after a kill at most one again", twice <= kills, twice)


def _is_well(status: dict[str, Any]) -> bool:
    settled = all(target["status"] == "fresh" for target in status["targets"])
    inbox = status["inbox"]
    return bool(status["ok"] and settled and not status["sources"]["pending"] and not inbox["waiting"])


def _summary(status: dict[str, Any]) -> dict[str, Any]:
    return {
        "sources": status["sources"],
        "targets": {target["name"]: target["status"] for target in status["targets"]},
        "waiting": status["inbox"]["waiting"],
        "hanging": status["hanging"],
    }


def _pages(root: Path, fed: Sequence[Fed], watched: dict[str, Any]) -> Iterator[Check]:
    site = root / "reports" / "site"
    texts = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    names = [
        watched[one.name]["name"]
        for one in (*_of(fed, "ranked"), *_of(fed, "ranked", "targets"))
        if one.name in watched
    ]
    absent = [name for name in names if not any(name in text for text in texts.values())]
    yield Check("the pages show every dataset", bool(names) and not absent, absent)
