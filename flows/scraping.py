"""What a scrape of ``springboard serve`` gets: the numbers as they are, not as the last run left them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from features.metrics import gather, to_text
from features.workspace import Workspace

__all__ = ["Scraped"]

_KEEP_SECONDS = 10.0
"""Scrapes that follow closer than this get the same answer: several servers may ask, and gathering takes CPU."""


@dataclass
class Scraped:
    """The metrics of a workspace, gathered when asked."""

    workspace: Workspace
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _text: bytes = b""
    _at: float | None = None

    def text(self) -> bytes:
        """The metrics in Prometheus' text form.

        Raises
        ------
        SpringboardError
            Something in the workspace cannot be read.
        """
        from features.artefacts.plan import Plan

        with self._lock:
            now = time.monotonic()
            if self._at is None or now - self._at > _KEEP_SECONDS:
                # A new object, for params.yaml may have been edited.
                self._text = to_text(gather(Plan(Workspace(self.workspace.root))))
                self._at = now
            return self._text
