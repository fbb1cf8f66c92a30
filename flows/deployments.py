"""The deployments of prefect.yaml, as ``springboard serve`` runs them: one file says the schedules for both."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from models.errors import SettingsError

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.deployments.runner import RunnerDeployment

__all__ = ["deployments_of"]


def deployments_of(prefect_yaml: Path, crons: Mapping[str, str] | None = None) -> list[RunnerDeployment]:
    """Deployments for ``prefect.serve``.

    Parameters
    ----------
    prefect_yaml
        The workspace's file.
    crons
        Flow name -> cron schedule to use instead of the file's.

    Raises
    ------
    SettingsError
        The file cannot be used, or a cron schedule is not one.
    """
    from prefect.events import DeploymentEventTrigger
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    try:
        specs = yaml.safe_load(prefect_yaml.read_text(encoding="utf-8"))["deployments"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as problem:
        raise _unusable(prefect_yaml, str(problem)) from None
    deployments: list[RunnerDeployment] = []
    for spec in specs or []:
        try:
            flow = _flow(prefect_yaml, spec["entrypoint"])
            override = (crons or {}).get(flow.name)
            schedules = (
                # Never the machine's zone: its summer time would fire once twice, and once not at all.
                [Cron(override, timezone="UTC")]
                if override
                else [
                    Cron(one["cron"], timezone=one.get("timezone") or "UTC")
                    for one in spec.get("schedules") or []
                ]
            )
            triggers = [DeploymentEventTrigger(**_without(one, "type")) for one in spec.get("triggers") or []]
            deployments.append(
                # Without an event loop around it, it is the deployment and no coroutine.
                flow.to_deployment(  # type: ignore[arg-type]
                    name=spec["name"],
                    description=spec.get("description"),
                    tags=spec.get("tags"),
                    parameters=spec.get("parameters") or {},
                    schedules=schedules,
                    triggers=triggers,  # type: ignore[arg-type]
                    concurrency_limit=_limit(spec.get("concurrency_limit")),
                    entrypoint_type=EntrypointType.MODULE_PATH,
                )
            )
        except (ValueError, TypeError, KeyError) as problem:
            raise _unusable(prefect_yaml, str(problem)) from None
    return deployments


def _flow(path: Path, entrypoint: str) -> Flow[..., Any]:
    module, _, name = entrypoint.replace(":", ".").rpartition(".")
    try:
        flow: Flow[..., Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise _unusable(path, f"there is no flow '{entrypoint}'") from None
    return flow


def _without(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != name}


def _limit(spec: Any) -> Any:
    if not isinstance(spec, Mapping):
        return spec
    from prefect.client.schemas.objects import ConcurrencyLimitConfig

    return ConcurrencyLimitConfig(**spec)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"'{path}' cannot be used: {why.splitlines()[0] if why else 'it is empty'}",
        consequence="nothing was started",
        next_step=f"correct '{path}' and start again",
    )
