"""The shared team with evidence of made-up past transfers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.transfer_evidence import past_transfers
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.calibration.evidence import EVIDENCE, write_evidence
from features.calibration.keeping import take_evidence

Give = Callable[..., Plan]


@pytest.fixture
def give_evidence(team: Team, tmp_path: Path) -> Give:
    """Give the team evidence, as a pool would; keywords as of :func:`past_transfers`."""

    def give(**how: Any) -> Plan:
        plan = Plan(team.workspace)
        folder = tmp_path / "past"
        folder.mkdir(exist_ok=True)
        write_evidence(folder / EVIDENCE, past_transfers(plan, **how))
        take_evidence(plan, folder, "past")
        return Plan(team.workspace)

    return give
