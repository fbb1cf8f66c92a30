"""``python -m benchmarks.soak``: ``springboard serve`` left alone, fed, killed and started again; then looked at.

Minute schedules for ingest and refresh, upkeep every ten; the webhook is down for the first third. Writes
``soak/result.json`` with what was done and what held; exit code 1 where something did not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from benchmarks.outcome import circumstances
from benchmarks.soak.checks import Check, asked, checks
from benchmarks.soak.feed import Fed, long_feed
from benchmarks.soak.receiver import Receiver, receiving
from benchmarks.soak.serving import CRONS, Serving
from features.workspace import Workspace, init_workspace

__all__ = ["main", "soak"]

RESULT = Path(__file__).parent / "result.json"
_URL = "SPRINGBOARD_WEBHOOK_URL"
_SETTINGS: dict[str, dict[str, Any]] = {
    "tuning": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-4},
    "caps": {"source_rows": 200},
}
_FED_BY, _SETTLE_SECONDS = 0.7, 900.0


def soak(
    workspace: Workspace,
    fed: Sequence[Fed],
    *,
    seconds: float,
    kills: Sequence[float],
    crons: Mapping[str, str] = CRONS,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Serve a workspace for so long, and look at what it came to.

    Parameters
    ----------
    workspace
        A new one.
    fed
        Files to put into the inbox, evenly over the first 70 % of the time.
    seconds
        How long; what is not settled then is waited for a quarter of an hour more.
    kills
        When the serving process is ended, as shares of the time: by SIGKILL and SIGTERM in turn. It is started again
        at once.
    crons
        Flow -> when it runs.

    Returns
    -------
    dict
        ``seconds``, ``files``, ``kills``, ``turned_away`` (what the webhook refused while it was down) and ``checks``.
    """
    _configure(workspace)
    with receiving() as receiver:
        serving = Serving(workspace, workspace.root.parent / "serve.log", {_URL: receiver.url}, crons)
        started = time.monotonic()
        hard = _run(serving, receiver, fed, seconds, kills, say)
        settled = _settled(serving, fed, say)
        # The last alerts wait out their back-off.
        asked_to_send = {"sent": None} if not settled else _last_alerts(workspace, receiver)
        first_page = serving.page()
        serving.stop()
        found = [Check("it settled", settled)]
        found.append(Check("it serves its pages", "<html" in first_page, first_page[:200]))
        found += [*checks(workspace.root, fed, receiver, hard)]
        found.append(Check("nothing outlives the command", serving.is_silent()))
        return {
            "seconds": round(time.monotonic() - started),
            "files": len(fed),
            "kills": len(kills),
            "turned_away": receiver.turned_away,
            "alerts": len(receiver.alerts),
            "left_to_send": asked_to_send["sent"],
            "checks": [asdict(one) for one in found],
        }


def _configure(workspace: Workspace) -> None:
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    params["alerts"] |= {"webhook": {"url_env": _URL}}
    params["inbox"] |= {"settle_seconds": 2}
    workspace.params_file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def _run(
    serving: Serving,
    receiver: Receiver,
    fed: Sequence[Fed],
    seconds: float,
    kills: Sequence[float],
    say: Callable[[str], None],
) -> int:
    """Feed and kill by the clock; how many of the kills were hard ones."""
    events: list[tuple[float, str, Any]] = [
        (seconds * _FED_BY * number / len(fed), "feed", one) for number, one in enumerate(fed)
    ]
    events += [(seconds * share, "kill", number) for number, share in enumerate(kills)]
    events += [(0.0, "down", True), (seconds / 3, "down", False), (seconds, "end", None)]
    serving.start()
    serving.wait()
    began, hard = time.monotonic(), 0
    for due, kind, what in sorted(events, key=lambda event: event[0]):
        while time.monotonic() - began < due:
            serving.check()
            time.sleep(0.5)
        if kind == "feed":
            _put(serving.workspace, what)
            say(f"{due:6.0f} s  {what.folder}/{what.name}")
        elif kind == "down":
            receiver.down = what
        elif kind == "kill":
            number = signal.SIGTERM if what % 2 else signal.SIGKILL
            hard += number == signal.SIGKILL
            say(f"{due:6.0f} s  {number.name}")
            serving.stop(number)
            serving.start()
    return hard


def _put(workspace: Workspace, fed: Fed) -> None:
    folder = workspace.root / "inbox" / fed.folder
    if fed.sidecar:
        (folder / f"{Path(fed.name).stem}.springboard.yaml").write_text(fed.sidecar, encoding="utf-8")
    (folder / fed.name).write_bytes(fed.content)


def _settled(serving: Serving, fed: Sequence[Fed], say: Callable[[str], None]) -> bool:
    """Wait until every file has met its fate, nothing is pending or stale, and the run that did it has ended."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        serving.check()
        status = asked(serving.workspace.root, "status")
        inbox, targets = status["inbox"], status["targets"]
        done = inbox["taken"] + len(inbox["refused"]) == len(fed) and not inbox["waiting"]
        fresh = bool(targets) and all(target["status"] == "fresh" for target in targets)
        runs = status["flows"].values()
        rest = all(run["ended_at"] and run["ended_at"] >= run["started_at"] for run in runs)
        if done and fresh and rest and not status["sources"]["pending"]:
            return True
        time.sleep(10.0)
    say("not settled")
    return False


def _last_alerts(workspace: Workspace, receiver: Receiver) -> dict[str, Any]:
    """Send what waits for the webhook now, as somebody would who typed it."""
    import os

    os.environ[_URL] = receiver.url
    try:
        return dict(asked(workspace.root, "alerts", "send"))
    finally:
        del os.environ[_URL]


def main(arguments: list[str] | None = None) -> int:
    """Soak with the real encoder, and write what held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=5, help="how often the serving process is ended")
    asked_for = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="springboard-soak-"))
    workspace = init_workspace(folder / "team")
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    for section, values in _SETTINGS.items():
        params[section] |= values
    workspace.params_file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    kills = [(number + 1) / (asked_for.kills + 2) for number in range(asked_for.kills)]
    result = soak(workspace, long_feed(), seconds=60 * asked_for.minutes, kills=kills)
    record = {**circumstances(), **result}
    RESULT.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for one in result["checks"]:
        sys.stdout.write(
            f"{'held  ' if one['held'] else 'FAILED'}  {one['what']}"
            + ("\n" if one["held"] else f": {one['seen']}\n")
        )
    if not all(one["held"] for one in result["checks"]):
        sys.stdout.write(f"To be looked at: {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
