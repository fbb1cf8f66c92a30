"""File names for pages: safe on every file system, readable, and never two names in one file."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from slugify import slugify

from features.wording import plain

__all__ = ["SLUG_FILE", "slug_of", "source_slug"]

SLUG_FILE = re.compile(r"[a-z0-9-]{1,40}-[0-9a-f]{12}\.(html|json|parquet)")
"""What a file that :func:`slug_of` named looks like; clean-up touches no other."""


@lru_cache(maxsize=10_000)
def slug_of(name: str) -> str:
    """Return a file name stem for any name: at most 53 characters of ``[a-z0-9-]``, ending in 12 of a hash.

    The hash keeps apart names that read the same once they are simplified, keeps clear of names an operating
    system reserves, and makes the stem the same every time.
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    readable: str = slugify(name, max_length=40)
    return f"{readable or 'unnamed'}-{digest}"


def source_slug(name: object) -> str:
    """The stem of a source's page; pages know sources by the names that are safe to show."""
    return slug_of(plain(name))
