"""``springboard push`` and ``springboard pull``: artefacts to and from DVC's remotes; git stays yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

__all__ = ["pull", "push"]

_Remote = Annotated[
    str | None, typer.Option(metavar="NAME", help="A remote of .dvc/config; else the default one.")
]


def push(
    remote: _Remote = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what only earlier releases hold, to restore them elsewhere.")
    ] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Send the newest release's artefacts to a DVC remote; what is there already is not sent again."""
    from features.releases.remotes import push_artefacts

    place = plan_of(workspace).workspace
    done = push_artefacts(place, remote, every_release=every)
    if json:
        print_json({"files": done.files, "unrecorded": done.unrecorded})
        return
    from features.wording import counted

    released = (place.root / "dvc.lock").is_file()
    nothing = (
        "Everything was there already" if released else "No release holds any artefact yet: nothing to send"
    )
    say(f"{counted(done.files, 'file')} sent" if done.files else nothing)
    if done.unrecorded:
        say("What no release holds yet was not sent; the next ingest or refresh records it.")
    first = "springboard ingest" if done.unrecorded else "springboard source add REF"
    say(f"Next: {'git push, for the ledgers and dvc.lock' if released else first}")


def pull(remote: _Remote = None, json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Bring the artefacts of the dvc.lock that is here from a DVC remote, and serve them; nothing is removed."""
    from features.publishing import publish_rankings, publish_sources, rebuild_store
    from features.releases.remotes import pull_artefacts

    plan = plan_of(workspace)
    done = pull_artefacts(plan.workspace, remote)
    uri = plan.workspace.store_uri
    if "://" not in uri and not Path(uri).is_dir():
        published = sum(rebuild_store(plan).rows.values())
    else:
        published = publish_sources(plan) + publish_rankings(plan)
    if json:
        print_json({"files": done.files, "put": done.put, "published": published})
        return
    say(f"{done.put:,} of {done.files:,} files put in place, {published:,} rows published")
