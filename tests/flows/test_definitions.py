"""All flows, schedules and command names, written down: changing one is a decision, not an accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.environment import quiet_prefect
from models.errors import SettingsError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def deployments() -> dict[str, Any]:
    quiet_prefect(for_a_person=True)
    from flows.deployments import deployments_of

    return {deployment.flow_name: deployment for deployment in deployments_of(ROOT / "prefect.yaml")}


def test_the_deployments(deployments: dict[str, Any]) -> None:
    said = {
        name: (
            deployment.name,
            [schedule.schedule.cron for schedule in deployment.schedules],
            deployment.concurrency_limit,
            deployment.concurrency_options.collision_strategy.value,
            [trigger.expect for trigger in deployment.triggers],
        )
        for name, deployment in deployments.items()
    }
    assert said == {
        "ingest": ("scheduled", ["*/15 * * * *"], 1, "ENQUEUE", []),
        "refresh": ("scheduled", ["5 * * * *"], 1, "ENQUEUE", [{"springboard.pool.published"}]),
        "maintain": ("scheduled", ["30 3 * * *"], 1, "CANCEL_NEW", []),
        "evaluate": ("scheduled", ["30 5 * * 1"], 1, "CANCEL_NEW", []),
    }


def test_the_flows_take_these_parameters(deployments: dict[str, Any]) -> None:
    from flows.evaluate import evaluate
    from flows.ingest import ingest
    from flows.maintain import maintain
    from flows.refresh import refresh

    assert list(ingest.parameters.properties) == ["names", "workspace"]
    assert list(refresh.parameters.properties) == ["names", "scorer", "force", "workspace"]
    assert list(maintain.parameters.properties) == list(evaluate.parameters.properties) == ["workspace"]


def test_the_refresh_is_woken_by_what_the_ingest_announces(deployments: dict[str, Any]) -> None:
    from flows.running import PUBLISHED

    (trigger,) = deployments["refresh"].triggers
    assert trigger.expect == {PUBLISHED}
    assert trigger.match.root == {"prefect.resource.id": "springboard.workspace.*"}


def test_a_schedule_may_be_overridden_and_a_wrong_one_is_named() -> None:
    from flows.deployments import deployments_of

    ingest, *_ = deployments_of(ROOT / "prefect.yaml", {"ingest": "* * * * *"})
    assert [schedule.schedule.cron for schedule in ingest.schedules] == ["* * * * *"]
    with pytest.raises(SettingsError, match=r"prefect\.yaml"):
        deployments_of(ROOT / "prefect.yaml", {"ingest": "every other tuesday"})


def test_a_broken_prefect_yaml_is_a_clear_error(tmp_path: Path) -> None:
    from flows.deployments import deployments_of

    path = tmp_path / "prefect.yaml"
    for text in (
        "deployments: [",
        "nothing: here",
        "deployments: [{name: x}]",
        "deployments: [x]",
        "deployments: [{name: x, entrypoint: flows.nowhere.flow}]",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match=r"prefect\.yaml"):
            deployments_of(path)


def test_the_command_names() -> None:
    from typer.main import get_command

    from flows.cli.app import app

    def names(command: Any, prefix: str = "") -> list[str]:
        if not hasattr(command, "commands"):
            return [prefix]
        return [
            name
            for key, inner in sorted(command.commands.items())
            for name in names(inner, f"{prefix} {key}".strip())
        ]

    assert names(get_command(app)) == [
        "alerts list",
        "alerts send",
        "alerts test",
        "audit",
        "demo",
        "diff",
        "drift",
        "esm export",
        "esm import",
        "evaluate",
        "explain",
        "feedback",
        "ingest",
        "init",
        "list feedback",
        "list quarantine",
        "list rankings",
        "list sources",
        "list targets",
        "maintain",
        "make",
        "metrics",
        "pin",
        "pool add",
        "pool export",
        "pool list",
        "pull",
        "push",
        "quarantine drop",
        "quarantine list",
        "quarantine release",
        "quarantine show",
        "rank",
        "rebuild",
        "refresh",
        "releases",
        "report",
        "restore",
        "scorers",
        "serve",
        "source add",
        "source list",
        "status",
        "target add",
        "target fresh",
        "target list",
        "unpin",
        "watch add",
        "watch list",
        "watch remove",
    ]
