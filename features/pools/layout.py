"""How a pool lies on disk: a folder with ``pool.json`` and one safetensors file a source.

Git then sees which sources a rebuilt pool changed, and which it did not.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.artefacts.files import write_whole
from features.reading.wording import shown
from features.registry.ledger import parse_time
from features.registry.names import check_name
from models.errors import ArtefactError, NamingError
from models.tasks import Task

__all__ = [
    "MANIFEST",
    "POOL_LAYOUT",
    "About",
    "Listed",
    "Manifest",
    "broken_pool",
    "on_a_line",
    "read_manifest",
    "source_path",
    "write_manifest",
]

POOL_LAYOUT = 1
"""Version of the layout of ``pool.json`` and of the sources' files; raised when an older reader would misread them."""

MANIFEST = "pool.json"
_MOST_BYTES = 1 << 24
_LARGEST = 1e300
_MOST = 1 << 53  # Whole numbers up to here are the same in every table and in JSON.


@dataclass(frozen=True)
class About:
    """Where a source's rows are from: what whoever uses the pool has to be told.

    ``reference`` says where the rows can be had; ``commit`` at which state; ``citation`` is the work that their
    authors ask to cite.
    """

    title: str
    reference: str
    licence: str | None = None
    commit: str | None = None
    citation: str | None = None


@dataclass(frozen=True)
class Listed:
    """One source of a pool.

    Attributes
    ----------
    name, version, task, rows, classes
        What it is called, the hash of its rows, what they are and how many there were; None for classes of numbers.
    bytes, sha256
        Of its file.
    made_at
        When its ESM was made.
    heldout_r2
        How much of what tuning did to embeddings of rows it was not fitted to its map gives back.
    about
        Where the rows are from.
    """

    name: str
    version: str
    task: Task
    rows: int
    classes: int | None
    bytes: int
    sha256: str
    made_at: str
    heldout_r2: float | None
    about: About

    @property
    def key(self) -> str:
        """What its file is called in a workspace: the file's own content names it."""
        return self.sha256[:32]


@dataclass(frozen=True)
class Manifest:
    """What ``pool.json`` says.

    Attributes
    ----------
    name, title
        What the pool is called.
    encoder, encoder_label
        The id of the encoder that all its ESMs stand on, and how people call that.
    settings
        With which it was made: ``encoder`` (reference, pooling, length), ``caps``, ``tuning``, ``esm``, ``overlap``.
    code
        The version of Springboard that made the newest of it.
    sources
        In the order of their names.
    """

    name: str
    title: str
    encoder: str
    encoder_label: str
    settings: dict[str, Any]
    code: str
    sources: tuple[Listed, ...]

    @property
    def made_at(self) -> str:
        """When the newest ESM was made: a pool written anew from the same ESMs is the same pool."""
        return max(one.made_at for one in self.sources)

    @property
    def bytes(self) -> int:
        """Of all its sources' files."""
        return sum(one.bytes for one in self.sources)


def on_a_line(text: str) -> str:
    """A text with spaces where it had control characters (line ends, a terminal's commands)."""
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)


def source_path(folder: Path, name: str) -> Path:
    """The file of a source."""
    return folder / f"{name}.safetensors"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``pool.json``, one source a line or more, keys in order."""
    text = json.dumps(
        {"layout": POOL_LAYOUT, **asdict(manifest)}, indent=1, sort_keys=True, ensure_ascii=False
    )
    write_whole(folder / MANIFEST, lambda part: part.write_text(text + "\n", encoding="utf-8"))


def read_manifest(folder: Path) -> Manifest:
    """Read ``pool.json``.

    Raises
    ------
    ArtefactError
        It is missing or broken, of a newer layout, or says what it may not: registries keep it for ever.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is larger than any list of sources")
        raw = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        layout = raw["layout"]
        if isinstance(layout, int) and layout > POOL_LAYOUT:
            raise ArtefactError(
                f"the pool in {shown(str(folder), 300)} is of layout {layout}, and this Springboard reads "
                f"{POOL_LAYOUT}",
                consequence="nothing of it was stored",
                next_step="install a newer Springboard, or ask for a pool written by one like this",
            )
        if layout != POOL_LAYOUT:
            raise ValueError(f"layout {layout!r}")
        return _manifest_of(raw)
    except FileNotFoundError:
        raise broken_pool(folder, f"it has no {MANIFEST}") from None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        NamingError,
    ) as problem:
        said = problem.what if isinstance(problem, NamingError) else f"{type(problem).__name__}: {problem}"
        raise broken_pool(folder, f"its {MANIFEST} cannot be read ({said[:300]})") from problem


def broken_pool(folder: Path, why: str) -> ArtefactError:
    """The error of a pool that cannot be used."""
    return ArtefactError(
        f"the pool in {shown(str(folder), 300)} cannot be used: {why}",
        consequence="nothing of it was stored",
        next_step="copy the folder again from where it came; a shipped one is mended by installing Springboard again",
    )


def _manifest_of(raw: dict[str, Any]) -> Manifest:
    sources = tuple(_listed(one) for one in raw["sources"])
    if not sources or len({one.name for one in sources}) < len(sources):
        raise ValueError("it lists no source, or one twice")
    if not all(isinstance(raw["settings"][part], dict) for part in ("encoder", "overlap")):
        raise ValueError("it does not say with which settings it was made")
    return Manifest(
        name=check_name(raw["name"]),
        title=_text(raw, "title"),
        encoder=_text(raw, "encoder"),
        encoder_label=_text(raw, "encoder_label"),
        settings=dict(raw["settings"]),
        code=_text(raw, "code"),
        sources=sources,
    )


def _listed(raw: dict[str, Any]) -> Listed:
    digest = _text(raw, "sha256")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("a sha256 that is none")
    parse_time(_text(raw, "made_at"))
    told = raw["about"]
    return Listed(
        # A name is part of a path, whoever wrote it.
        name=check_name(raw["name"]),
        version=_text(raw, "version"),
        task=Task(raw["task"]),
        rows=_count(raw, "rows"),
        classes=None if raw["classes"] is None else _count(raw, "classes"),
        bytes=_count(raw, "bytes"),
        sha256=digest,
        made_at=raw["made_at"],
        heldout_r2=None if raw["heldout_r2"] is None else _number(raw, "heldout_r2"),
        about=About(
            title=_text(told, "title"),
            reference=_text(told, "reference"),
            licence=None if told["licence"] is None else _text(told, "licence"),
            commit=None if told["commit"] is None else _text(told, "commit"),
            citation=None if told["citation"] is None else _text(told, "citation"),
        ),
    )


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw[name]
    if not isinstance(value, str):
        raise TypeError(f"its {name} is no text")
    if value != on_a_line(value):
        # It goes to people's terminals as it is.
        raise ValueError(f"its {name} holds control characters")
    return value


def _count(raw: dict[str, Any], name: str) -> int:
    value = raw[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise TypeError(f"its {name} is no whole number from 1 on")
    return value


def _number(raw: dict[str, Any], name: str) -> float:
    value = raw[name]
    # Compared rather than converted: JSON may write 1e999, and whole numbers that no float holds.
    if not isinstance(value, float | int) or isinstance(value, bool) or not abs(value) < _LARGEST:
        raise TypeError(f"its {name} is no finite number")
    return float(value)


def _no_number(word: str) -> float:
    """Refuse NaN and Infinity, which Python reads and no ledger can hold."""
    raise ValueError(f"{word} is no number of JSON")
