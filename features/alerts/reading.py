"""Lines of ledgers that nobody has looked at for alerts; how far a look went is kept, so that old ones cost nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from features.registry.ledger import Ledger, parse_time

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["LOOK_BACK", "Reading"]

LOOK_BACK = timedelta(hours=24)
"""Where nothing is known of an earlier look, what is older is no news: a workspace from before tells no old stories."""


@dataclass
class Reading:
    """One look at the ledgers; counted in lines, for clocks jump and append-only files do not.

    Until :meth:`keep` the next look sees the same lines again.
    """

    workspace: Workspace
    _counts: dict[str, int] = field(default_factory=dict)

    def new_lines(self, ledger: str) -> list[tuple[int, dict[str, Any]]]:
        """Place and line of what is new in ``ledgers/NAME.jsonl``."""
        lines = Ledger(self.workspace.ledgers / f"{ledger}.jsonl").read()
        seen = self._seen().get(ledger)
        self._counts[ledger] = len(lines)
        places = list(enumerate(lines))
        if isinstance(seen, int) and 0 <= seen <= len(lines):
            return places[seen:]
        latest = datetime.now(UTC) - LOOK_BACK
        return [(place, line) for place, line in places if parse_time(line["at"]) >= latest]

    def keep(self) -> None:
        """The lines were looked at, and what they gave was raised."""
        kept = {**self._seen(), **self._counts}
        if kept == self._seen():
            return
        path = self._path
        part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
        part.write_text(json.dumps(kept), encoding="utf-8")
        part.replace(path)

    @property
    def _path(self) -> Any:
        return self.workspace.private / "alerts-seen.json"

    def _seen(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
