"""Names of sources and targets: made from a reference, or checked when somebody chooses one."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from slugify import slugify

from features.reading.wording import shown
from models.errors import NamingError

__all__ = ["MOST_CHARACTERS", "check_name", "slug_of"]

MOST_CHARACTERS = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HUB_PREFIX = re.compile(r"^(hf://datasets/|https?://(www\.)?(huggingface\.co|hf\.co)/datasets/)")
_SUFFIX = re.compile(
    r"\.(parquet|pq|csv|tsv|tab|txt|psv|jsonl|ndjson|json)?(\.(gz|zst|bz2|xz))?$", re.IGNORECASE
)
# File names that say which part of a dataset it is, not which dataset.
_TELLS_NOTHING = frozenset(
    {"train", "training", "data", "dataset", "all", "validation", "dev", "test", "labels"}
)
_HASH_DIGITS = 8


def slug_of(ref: str) -> str:
    """Make a name from a reference: the file's or folder's own name, or ``org-name`` for a hub id.

    A file called ``train`` or ``data`` is named after its folder. A name that would be too long is cut and
    ends in a hash of the whole reference, and one that would be empty is ``dataset-`` and that hash, so that
    different references do not end up with one name.

    Returns
    -------
    str
        A name that :func:`check_name` takes.
    """
    bare = _HUB_PREFIX.sub("", ref.strip()).replace("\\", "/")
    is_hub = re.fullmatch(r"[\w.-]+/[\w.-]+", bare) and not _SUFFIX.search(bare) and not bare.startswith(".")
    slug = _slug(bare.replace("/", "-")) if is_hub else _slug_of_path(bare)
    if not slug:
        return f"dataset-{_hash(ref)}"
    if len(slug) > MOST_CHARACTERS:
        return f"{slug[: MOST_CHARACTERS - _HASH_DIGITS - 1].rstrip('-_')}-{_hash(ref)}"
    return slug


def _slug_of_path(path: str) -> str:
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..", "~")]
    if not parts:
        # "." and its like mean a folder that has a name.
        return _slug(Path(path).resolve().name) if path in (".", "./", "..", "../") else ""
    stem = _slug(_SUFFIX.sub("", parts[-1]))
    if stem.split("-")[0] in _TELLS_NOTHING and len(parts) > 1 and _slug(parts[-2]):
        return _slug(parts[-2])
    return stem


def _slug(text: str) -> str:
    # An underscore is as good as a dash in a name, so published names keep theirs.
    return str(slugify(text[:1000], regex_pattern=r"[^a-z0-9_]+")).strip("-_")


def _hash(ref: str) -> str:
    return hashlib.sha256(ref.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def check_name(name: str) -> str:
    """Return `name` when it may name a source or target.

    Raises
    ------
    NamingError
        It is outside ``[a-z0-9][a-z0-9_-]{0,63}``; the message suggests one that is not.
    """
    if _NAME.fullmatch(name):
        return name
    raise NamingError(
        f"The name {shown(name)} cannot be taken: names are 1 to {MOST_CHARACTERS} of a-z, 0-9, - and _, and "
        "begin with a letter or digit",
        consequence="nothing was stored",
        next_step=f"use `--name {_suggestion(name)}` or another",
    )


def _suggestion(name: str) -> str:
    slug = _slug(name)[:MOST_CHARACTERS].rstrip("-_")
    return slug or "my-dataset"
