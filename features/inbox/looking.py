"""Looking through inbox and watch list: what is new or other than before, and what only waits."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from features.artefacts.code import code_hash
from features.artefacts.keys import content_hash
from features.inbox.contents import Shape, content_of, shape_of
from features.inbox.items import Item, items_of
from features.inbox.memory import Memory, OnDisk, OnHub
from features.inbox.outcomes import Outcome, Outcomes
from models.errors import OfflineError, SpringboardError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Seen", "look", "look_when_settled", "rules_of"]

_READS = ("features/reading", "features/gate", "features/intake", "models/tasks.py")
"""The code that decides whether a dataset is refused."""

State = Literal["due", "settling", "taken", "refused", "offline", "gone"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FAILURES_IN_A_ROW = 3
"""After so many unanswered questions the hub is not asked about the rest: each takes as long as its time-out."""


@dataclass(frozen=True)
class Seen:
    """One item as it is now.

    Attributes
    ----------
    item
        What it is; of one that is gone, what it was.
    state
        "due" (new or other than before), "settling" (may still be written), "taken" or "refused" (nothing changed
        since), "offline" (the hub could not be asked), or "gone" (it is not there any more).
    content
        What it holds: a hash of its files, or the hub's commit; None where that was not looked at.
    files
        The SHA-256 of each of its files by resolved path, where they were hashed in this look.
    sizes
        What the file system said of it.
    why
        Why it waits, or was refused.
    last
        The newest outcome of it.
    settles_in
        Seconds until it may be taken, where it only has to be left alone.
    """

    item: Item
    state: State
    content: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    sizes: str = ""
    why: str = ""
    last: Outcome | None = None
    settles_in: float | None = None


def rules_of(workspace: Workspace) -> str:
    """What decides whether a dataset is refused: the gate's settings and the code that reads."""
    return content_hash([workspace.settings.gate.model_dump(mode="json"), code_hash(*_READS)])


def look(workspace: Workspace, *, deep: bool = True) -> list[Seen]:
    """Look at everything once.

    Parameters
    ----------
    workspace
        Whose inbox and watch list.
    deep
        Whether to hash what looks other than before, and to ask the hub. Without it nothing is read and nobody asked:
        what was not seen before is due.

    Raises
    ------
    SettingsError
        The inbox cannot be looked into.
    """
    glance = _Glance(workspace, deep)
    seen = [one for item in items_of(workspace) if (one := glance.at(item)) is not None]
    there = {one.item.id for one in seen}
    glance.memory.keep_only({Memory.key(one) for one in there})
    if deep:
        glance.memory.save()
    return seen + [
        Seen(_item_of(outcome), "gone", last=outcome)
        for outcome in glance.outcomes.newest.values()
        if outcome.id not in there and not outcome.watched
    ]


def look_when_settled(workspace: Workspace) -> list[Seen]:
    """Look, and where something only has to be left alone a little longer, wait that long and look once more."""
    seen = look(workspace)
    waits = [one.settles_in for one in seen if one.settles_in is not None]
    if waits:
        time.sleep(min(max(waits), workspace.settings.inbox.settle_seconds) + 0.05)
        seen = look(workspace)
    return seen


def _item_of(outcome: Outcome) -> Item:
    from features.registry.entries import Kind

    return Item(Kind(outcome.kind), outcome.place)


class _Glance:
    """One look: the ledger and the memory are read once for all items."""

    def __init__(self, workspace: Workspace, deep: bool) -> None:
        self.workspace, self.deep = workspace, deep
        self.params = workspace.settings.inbox
        self.memory = Memory.of(workspace)
        self.outcomes = Outcomes(workspace)
        self.rules = rules_of(workspace)
        self.now = datetime.now(UTC).timestamp()
        self.unanswered = 0

    def at(self, item: Item) -> Seen | None:
        """Look at one; None for an entry of the inbox that went in this moment."""
        if item.path is None:
            return self._hub(item)
        try:
            shape = shape_of(item.path, item.inbox)
        except FileNotFoundError:
            if item.watch is None:
                return None
            return Seen(item, "gone", why="there is no such file or folder now", last=self._last(item))
        except OSError as problem:
            return Seen(item, "settling", why=f"it cannot be looked at: {problem.strerror}")
        return self._disk(item, shape)

    def _last(self, item: Item) -> Outcome | None:
        return self.outcomes.newest.get(item.id)

    def _disk(self, item: Item, shape: Shape) -> Seen:
        last, key = self._last(item), Memory.key(item.id)
        before = self.memory.disk.get(key)
        if shape.fault:
            return self._known(item, content_hash(["refused unread", shape.fault]), shape, why=shape.fault)
        if before is None or before.sizes != shape.sizes:
            before = self.memory.disk[key] = OnDisk(shape.sizes, self.now)
        if before.content is not None:
            return self._known(item, before.content, shape)
        if shape.waits:
            return Seen(item, "settling", sizes=shape.sizes, why=shape.waits, last=last)
        left = self._unsettled(shape, before)
        if left > 0:
            why = "it was written a moment ago; it is taken when nobody has touched it for a while"
            return Seen(item, "settling", sizes=shape.sizes, why=why, last=last, settles_in=left)
        if not self.deep:
            return Seen(item, "due", sizes=shape.sizes, last=last)
        try:
            content, files = content_of(shape)
            again = shape_of(item.path, item.inbox) if item.path else shape
        except OSError as problem:
            return self._known(
                item, content_hash(["unreadable", shape.sizes]), shape, why=f"{problem.strerror}"
            )
        if again.sizes != shape.sizes:
            return Seen(item, "settling", why="it changed while it was being looked at", last=last)
        self.memory.disk[key] = OnDisk(shape.sizes, before.since, content)
        return self._known(item, content, shape, files)

    def _unsettled(self, shape: Shape, before: OnDisk) -> float:
        """Seconds that are left until an entry counts as whole.

        Either its times say that it was left alone long enough, or, where they are of another clock or of the future,
        it looked the same at an earlier look.
        """
        settle = self.params.settle_seconds
        age, same = self.now - shape.newest, self.now - before.since
        if age >= settle or same >= settle:
            return 0.0
        return settle - max(age, same, 0.0)

    def _known(
        self,
        item: Item,
        content: str,
        shape: Shape | None,
        files: dict[str, str] | None = None,
        why: str = "",
    ) -> Seen:
        """Hold what is there against what became of it."""
        last, sizes = self._last(item), shape.sizes if shape else ""
        if last is not None and last.content == content:
            if not last.is_refusal:
                return Seen(item, "taken", content, sizes=sizes, last=last)
            if last.rules == self.rules:
                return Seen(item, "refused", content, sizes=sizes, why=last.reason, last=last)
        return Seen(item, "due", content, files or {}, sizes, why, last)

    def _hub(self, item: Item) -> Seen:
        last, key = self._last(item), Memory.key(item.id)
        known = self.memory.hub.get(key)
        revision = item.watch.revision if item.watch else None
        if revision and _COMMIT.fullmatch(revision):
            return self._known(item, revision, None)  # A commit stays what it is.
        if not self.deep:
            return self._as_remembered(item, known, last)
        if known is None or not 0 <= self.now - known.asked < self.params.ask_hub_seconds:
            asked = self._ask(item.place, revision, known)
            if isinstance(asked, SpringboardError):
                return self._known(item, content_hash(["no answer", asked.what]), None, why=asked.what)
            known = self.memory.hub[key] = asked
        return self._as_remembered(item, known, last)

    def _as_remembered(self, item: Item, known: OnHub | None, last: Outcome | None) -> Seen:
        if known is not None and known.problem:
            since = _moment(known.answered) or (f"{last.at[:16]}Z".replace("T", " ") if last else "")
            when = f"offline, as of {since}" if since else "offline, and never answered yet"
            return Seen(item, "offline", known.commit, why=f"{when}: {known.problem}", last=last)
        if known is None or known.commit is None:
            if self.deep or last is None:
                return Seen(item, "due", why="the hub was not asked yet", last=last)
            return self._known(item, last.content, None)
        return self._known(item, known.commit, None)

    def _ask(self, hub_id: str, revision: str | None, known: OnHub | None) -> OnHub | SpringboardError:
        from features.reading.formats.hub_card import commit_of

        answered, commit = (known.answered, known.commit) if known else (None, None)
        if self.unanswered >= _FAILURES_IN_A_ROW:
            return OnHub(commit, answered, self.now, "the hub did not answer for others either")
        try:
            found = commit_of(hub_id, revision, self.params.hub_timeout_seconds)
        except OfflineError as problem:
            self.unanswered += 1
            return OnHub(commit, answered, self.now, problem.what)
        except SpringboardError as problem:
            self.unanswered = 0
            return problem
        self.unanswered = 0
        return OnHub(found, self.now, self.now)


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
