from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def make_ranking() -> Make:
    def make(names: list[str], **more: Any) -> dict[str, Any]:
        rows = [
            {
                "rank": i,
                "source": name,
                "source_version": f"v{i}",
                "score": 1.0 - 0.1 * i,
                "stderr": 0.01 if i <= 3 else None,
                "tier": min(i, 3),
                "previous_rank": i + 1 if i % 2 else None,
            }
            for i, name in enumerate(names, 1)
        ]
        return {
            "target": "mails",
            "target_version": "t1",
            "encoder": "enc1",
            "scorer": "logme",
            "ranking_id": "r1",
            "created_at": "2026-11-22T19:00:00Z",
            "pool_size": len(rows),
            "ranking": rows,
            "excluded": [],
            "base_score": {"score": 0.75, "stderr": 0.02},
            **more,
        }

    return make
