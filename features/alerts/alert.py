"""One alert: what happened, why, and what to type next."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from features.alerts.params import AlertKind
from features.wording import plain

__all__ = ["Alert", "alert_id", "payload_of", "subject_of", "text_of"]


@dataclass(frozen=True)
class Alert:
    """Something that happened once.

    Attributes
    ----------
    kind
        One of :data:`features.alerts.params.KINDS`.
    occurrence
        What tells this occurrence from every other of its kind; from stored state, so that whoever finds it finds the
        same.
    what, why, next_step
        One sentence each, for a person.
    about
        Names and numbers for a machine: ``target``, ``source``, ``flow``, ``run`` and so on, as JSON.
    """

    kind: AlertKind
    occurrence: tuple[str, ...]
    what: str
    why: str
    next_step: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same for the same occurrence, on every machine."""
        return alert_id(self.kind, self.occurrence)

    def to_record(self) -> dict[str, Any]:
        """What is kept of it; names in its sentences are made safe to show."""
        return {
            "id": self.id,
            "kind": self.kind,
            "what": plain(self.what),
            "why": plain(self.why),
            "next": plain(self.next_step),
            "about": dict(self.about),
        }


def alert_id(kind: str, occurrence: tuple[str, ...]) -> str:
    """Hash of a kind and what tells its occurrence from others."""
    words = "\x00".join((kind, *occurrence))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def subject_of(record: Mapping[str, Any]) -> str:
    """One line, as the subject of a mail."""
    return plain(f"[springboard] {record['what']}")[:200]


def text_of(record: Mapping[str, Any]) -> str:
    """The alert as a person reads it: what, why, next."""
    lines = (str(record["what"]), f"Why: {record['why']}", f"Next: {record['next']}")
    return "\n".join(lines)


def payload_of(record: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    """What a webhook and an event get.

    The same ``id`` may come twice (a process killed between sending and noting it): receivers keep the first.
    ``text`` is what chat services show.
    """
    names = ("id", "kind", "at", "what", "why", "next", "about")
    return {**{name: record[name] for name in names}, "workspace": workspace, "text": text_of(record)}
