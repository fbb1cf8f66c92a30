"""From what a caller names (``name`` or ``name@version``) to the dataset versions to look for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches

import polars as pl

from features.store.checks import quoted
from models.errors import NamingError, SettingsError, StoreError

__all__ = ["Resolver", "resolve", "utc"]

Resolver = Callable[[Sequence[str] | None, datetime | None], pl.DataFrame]
"""Given names (None: all) and a time (None: now), a frame ``entity, version``: what each name stood for.

Names that were not registered at that time have no row. The registry supplies it."""


def utc(as_of: datetime | None) -> datetime | None:
    """Return a time in UTC; one without a zone would mean another moment on another machine.

    Raises
    ------
    SettingsError
        The time names no zone.
    """
    if as_of is not None and as_of.utcoffset() is None:
        raise SettingsError(
            f"The time {as_of.isoformat()} names no time zone",
            consequence="nothing was read",
            next_step=f"say {as_of.isoformat()}+00:00",
        )
    return None if as_of is None else as_of.astimezone(UTC)


def resolve(names: Sequence[str] | None, as_of: datetime | None, resolver: Resolver | None) -> pl.DataFrame:
    """Frame ``entity, version`` of the asked names, each pair once, in the order asked.

    Raises
    ------
    NamingError
        A name that is not registered, or was not yet at ``as_of``; the message names the nearest one.
    StoreError
        The store was opened without a resolver.
    """
    if resolver is None:
        raise StoreError(
            "The store was opened without a registry to look names up in",
            consequence="nothing was read",
            next_step="open it with Store.open(..., resolver=...)",
        )
    if names is None:
        return _pairs(resolver(None, as_of))
    asked = [names] if isinstance(names, str) else list(names)
    split = [_split(name) for name in asked]
    known = _pairs(resolver(sorted({name for name, _ in split}), as_of))
    versions = dict(known.iter_rows())
    for name, version in split:
        # A named version needs no state of the registry at that time, only a name that exists.
        if name not in versions and (version is None or name not in _all_names(resolver, None)):
            raise _unknown(name, as_of, resolver)
    pairs = [(name, version or versions[name]) for name, version in split]
    return pl.DataFrame(pairs, schema={"entity": pl.String, "version": pl.String}, orient="row").unique(
        maintain_order=True
    )


def _split(name: str) -> tuple[str, str | None]:
    head, at, version = str(name).rpartition("@")
    return (head, version) if at and head and version else (str(name), None)


def _pairs(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col("entity").cast(pl.String), pl.col("version").cast(pl.String)).unique(
        maintain_order=True
    )


def _all_names(resolver: Resolver, as_of: datetime | None) -> list[str]:
    return [str(name) for name in resolver(None, as_of)["entity"].to_list()]


def _unknown(name: str, as_of: datetime | None, resolver: Resolver) -> NamingError:
    now = _all_names(resolver, None)
    if as_of is not None and name in now:
        return NamingError(
            f"{quoted(name)} was not registered yet at {as_of.isoformat()}",
            consequence="nothing was read",
            next_step="ask for a later time",
        )
    near = get_close_matches(name, now, n=1, cutoff=0.5)
    hint = f"did you mean {quoted(near[0])}? " if near else ""
    return NamingError(
        f"There is nothing registered under the name {quoted(name)}",
        consequence="nothing was read",
        next_step=f"{hint}`springboard list sources` and `springboard list targets` show the names",
    )
