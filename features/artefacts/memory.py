"""Giving memory back to the system between sources."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["memory_given_back"]

_WORTH_IT = 64 << 20
"""Bytes that the process must have grown by since memory was last given back."""

_left = 0
"""Resident bytes after memory was last given back."""


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Give what the block allocated and no longer needs back to the system, however it ends.

    glibc keeps an arena of freed memory for each of many threads, and Prefect runs every step in a thread of its own:
    without this an ingest of many sources holds the peak of a tuning once for every arena (9.6 GB after 15 sources on
    two cores). Other C libraries give memory back by themselves, or cannot be told to.

    Looking through all objects takes half a second once torch and Prefect are loaded, so that small steps leave it to
    the one with which the process has grown by 64 MB.
    """
    global _left
    try:
        yield
    finally:
        resident = _resident()
        if resident is None or resident - _left > _WORTH_IT:
            gc.collect()
            _trim()
            _left = _resident() or 0


def _resident() -> int | None:
    """Bytes of the process in memory; None where that cannot be asked for at next to no cost."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None


def _trim() -> None:
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none.
    if trim is not None:
        trim(0)
