"""``springboard pool list``, ``pool add`` and ``pool export``: ready-made pools of sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.pools import AddedPool, Manifest

__all__ = ["pool_add", "pool_export", "pool_list"]


def pool_list(
    pool: Annotated[
        str | None,
        typer.Argument(metavar="[POOL]", help="Show its sources, and where their rows are from."),
    ] = None,
    json: AsJson = False,
) -> None:
    """The pools that come with Springboard, or the sources of one; needs no workspace."""
    from features.pools import find_pool, read_manifest, shipped_pools

    if pool is not None:
        _show_sources(read_manifest(find_pool(pool)), json)
        return
    pools = [_pool_record(read_manifest(folder)) for folder in shipped_pools().values()]
    if json:
        print_json(pools)
        return
    from flows.cli.render.table import print_table

    columns = ("pool", "title", "encoder", "sources", "bytes", "made at")
    rows = [
        [one["name"], one["title"], one["encoder_label"], one["sources"], one["bytes"], one["made_at"][:10]]
        for one in pools
    ]
    empty = "No pool comes with this build."
    print_table(columns, rows, empty=empty, wrap=("title", "encoder"), whole=True)


def pool_add(
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="A shipped pool's name, or a folder of `pool export`.")
    ],
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Put a ready-made pool into the workspace; adding it again changes nothing."""
    from features.pools import add_pool, find_pool
    from features.publishing import publish_sources
    from features.rankings import stale_targets

    folder = find_pool(pool)
    plan = plan_of(workspace)
    added = add_pool(plan, folder)
    plan = plan_of(workspace)
    published = publish_sources(plan)
    if json:
        print_json({**_added_record(added), "published": published, "stale": stale_targets(plan)})
        return
    _show_added(added, pool, stale_targets(plan))


def pool_export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New, empty, or a pool to be written anew.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="Sources; all ready ones when not given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The pool's name; else the folder's.")] = None,
    title: Annotated[str, typer.Option(help="A line about it.")] = "",
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write ready sources as a pool for other workspaces; their rows stay here."""
    from features.pools import export_pool
    from features.registry.names import slug_of

    done = export_pool(
        plan_of(workspace), folder, name=name or slug_of(str(folder)), names=names or None, title=title
    )
    if json:
        record = _pool_record(done.manifest)
        print_json({"folder": str(folder), **record, "written": done.written, "left_out": done.left_out})
        return
    manifest = done.manifest
    say(
        f"Pool '{manifest.name}' written to {folder}: {len(manifest.sources)} sources, {manifest.bytes:,} bytes"
    )
    same = len(manifest.sources) - len(done.written)
    if same:
        say(f"  {same} of them as they were")
    for source, why in done.left_out.items():
        say(f"  left out: {source} ({why})")
    say(f"Next: springboard pool add {folder} --workspace DIR")


def _pool_record(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "title": manifest.title,
        "encoder": manifest.encoder,
        "encoder_label": manifest.encoder_label,
        "sources": len(manifest.sources),
        "bytes": manifest.bytes,
        "made_at": manifest.made_at,
        "code": manifest.code,
        "settings": manifest.settings,
    }


def _show_sources(manifest: Manifest, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json({**_pool_record(manifest), "sources": [asdict(one) for one in manifest.sources]})
        return
    from flows.cli.render.table import print_table

    columns = ("source", "task", "rows", "licence", "from", "citation")
    rows = [
        [one.name, one.task.value, one.rows, one.about.licence, one.about.reference, one.about.citation]
        for one in manifest.sources
    ]
    # People come here for licences and addresses: nothing is cut.
    print_table(columns, rows, empty="It is empty.", wrap=("citation",), whole=True)


def _added_record(added: AddedPool) -> dict[str, Any]:
    return {
        "pool": added.manifest.name,
        "encoder": added.manifest.encoder,
        "sources": [
            {
                "name": one.name,
                "version": one.version,
                "task": one.task.value,
                "rows": one.rows,
                "licence": one.licence,
                "status": added.statuses[one.name],
                "same_rows_as": added.same_rows.get(one.name),
            }
            for one in added.sources
        ],
        "renamed": added.renamed,
        "no_leak_check": added.no_leak_check or None,
        "evidence_changed": added.evidence_changed,
    }


def _show_added(added: AddedPool, typed: str, stale: list[str]) -> None:
    manifest = added.manifest
    counts = {status: list(added.statuses.values()).count(status) for status in ("new", "updated")}
    if not any(counts.values()) and not added.evidence_changed:
        say(f"Pool '{manifest.name}' is here already: nothing was stored")
    else:
        also = f", {counts['updated']} of them updated" if counts["updated"] else ""
        say(f"Pool '{manifest.name}' added: {len(added.sources)} sources{also} ({manifest.encoder_label})")
    if added.evidence_changed:
        say("  it brings evidence of past transfers that was not here before, for expected gains")
    for listed, name in added.renamed.items():
        say(f"  '{listed}' is called '{name}' here: the name stood for other rows")
    for name, own in added.same_rows.items():
        say(f"  '{name}' has the rows of your source '{own}', which is ranked in its place once it is ready")
    if added.no_leak_check:
        say(f"  rankings will leave its sources out: {added.no_leak_check}")
    say(f"Where their rows are from, and their licences: springboard pool list {typed}")
    if stale:
        say(f"Stale targets: {', '.join(stale)}")
    say(
        "Next: springboard refresh" if stale else "Next: springboard target add REF, then springboard refresh"
    )
