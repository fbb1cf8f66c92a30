"""What the shell offers after <TAB> where a name is typed; whatever goes wrong, it offers nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from features.registry import Registry

__all__ = ["held_names", "release_names", "scorer_names", "source_names", "target_names", "watched_names"]


def _begun(names: Callable[[click.Context], list[str]], ctx: click.Context, incomplete: str) -> list[str]:
    try:
        return [name for name in names(ctx) if name.startswith(incomplete)]
    except Exception:  # A traceback in the middle of somebody's prompt helps nobody.
        return []


def _root(ctx: click.Context) -> Path | None:
    # While a line is being completed, options are as they were typed.
    typed = ctx.params.get("workspace")
    return Path(typed) if typed else None


def _registry(ctx: click.Context) -> Registry:
    from features.artefacts.plan import registry_of
    from features.workspace import find_workspace

    return registry_of(find_workspace(_root(ctx)))


def _targets(ctx: click.Context) -> list[str]:
    from features.registry import Kind

    return sorted(_registry(ctx).current(Kind.TARGET))


def _sources(ctx: click.Context) -> list[str]:
    return sorted({entry.name for entry in _registry(ctx).pool().values()})


def _scorers(ctx: click.Context) -> list[str]:
    from models.scorers import SCORERS

    return sorted(SCORERS)


def _releases(ctx: click.Context) -> list[str]:
    from features.releases.commits import releases
    from features.workspace import find_workspace

    return ["latest", "previous", *(one.short for one in releases(find_workspace(_root(ctx)), None))]


def _held(ctx: click.Context) -> list[str]:
    from features.quarantine.listing import held_records
    from features.workspace import find_workspace

    # A file that could not even be read is no decision of anybody's: it is taken away, or changed.
    return sorted(
        {str(one["name"]) for one in held_records(find_workspace(_root(ctx))) if one["what"] != "file"}
    )


def _watched(ctx: click.Context) -> list[str]:
    from features.inbox.watches import Watches
    from features.workspace import find_workspace

    current = Watches(find_workspace(_root(ctx))).current()
    return sorted({str(watch.options.get("name") or watch.reference) for watch in current.values()})


def held_names(ctx: click.Context, incomplete: str) -> list[str]:
    """What waits in quarantine for a decision and begins so."""
    return _begun(_held, ctx, incomplete)


def watched_names(ctx: click.Context, incomplete: str) -> list[str]:
    """What is watched and begins so: by its name where one was given, else by its reference."""
    return _begun(_watched, ctx, incomplete)


def target_names(ctx: click.Context, incomplete: str) -> list[str]:
    """The registered targets that begin so."""
    return _begun(_targets, ctx, incomplete)


def source_names(ctx: click.Context, incomplete: str) -> list[str]:
    """The sources of the pool, pools that were added included, that begin so."""
    return _begun(_sources, ctx, incomplete)


def scorer_names(ctx: click.Context, incomplete: str) -> list[str]:
    """The scorers that begin so."""
    return _begun(_scorers, ctx, incomplete)


def release_names(ctx: click.Context, incomplete: str) -> list[str]:
    """The releases, by the hashes that people type, and the two words for the newest."""
    return _begun(_releases, ctx, incomplete)
