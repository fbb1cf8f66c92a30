"""``springboard serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.common import WorkspaceOption, plan_of

__all__ = ["serve"]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of Prefect's server and UI.")] = 4200,
    site_port: Annotated[int, typer.Option(help="Port of the report pages.")] = 4280,
    ingest_cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="Instead of prefect.yaml's.")
    ] = None,
    refresh_cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="Instead of prefect.yaml's.")
    ] = None,
    maintain_cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="Instead of prefect.yaml's.")
    ] = None,
    evaluate_cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="Instead of prefect.yaml's.")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """One machine: Prefect's server, the schedules of prefect.yaml and the report pages together."""
    from flows.serve import serve_workspace

    crons = {
        "ingest": ingest_cron,
        "refresh": refresh_cron,
        "maintain": maintain_cron,
        "evaluate": evaluate_cron,
    }
    serve_workspace(
        plan_of(workspace).workspace,
        host=host,
        port=port,
        site_port=site_port,
        crons={name: cron for name, cron in crons.items() if cron},
    )
