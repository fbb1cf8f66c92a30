"""After a change of what is shown: LanceDB and the pages follow, and the change becomes a release."""

from __future__ import annotations

from collections.abc import Mapping

from features.artefacts.plan import Plan
from features.record.recorder import record
from features.workspace.layout import Workspace

__all__ = ["publish_and_record", "show_and_record"]


def publish_and_record(
    workspace: Workspace, message: str, trailers: Mapping[str, str] | None = None
) -> str | None:
    """Bring LanceDB and the pages up to the ledgers, then record; gives the release.

    Raises
    ------
    StoreError
        A table is broken; what was changed stands, and the next run records it.
    RecordError
        DVC or git said no.
    """
    from features.publishing import publish_rankings

    publish_rankings(Plan(Workspace(workspace.root)))
    return show_and_record(workspace, message, trailers)


def show_and_record(
    workspace: Workspace, message: str, trailers: Mapping[str, str] | None = None
) -> str | None:
    """Bring the pages up to the ledgers, then record; gives the release.

    Raises
    ------
    RecordError
        DVC or git said no.
    """
    from features.reports.workspace import report_workspace

    # Settings may have changed: a workspace reads them once.
    report_workspace(Plan(Workspace(workspace.root)))
    return record(workspace, message, trailers).release
