"""What may be said about a dataset when it is added, and how that is kept in the registry."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from features.reading import ReadOptions
from models.tasks import Task

__all__ = ["AddOptions", "read_options_from", "read_options_to"]


@dataclass(frozen=True)
class AddOptions:
    """Options of ``source add`` and ``target add``.

    ``name`` overrides the slug of the reference; ``replace`` lets a name stand for another reference from now
    on; ``tuned_model`` (sources only) brings a model tuned elsewhere; ``licence`` says what a file does not say
    itself; ``cap`` is how many rows are used at most, where the settings' number does not suit.
    """

    read: ReadOptions = field(default_factory=ReadOptions)
    name: str | None = None
    tuned_model: str | None = None
    licence: str | None = None
    cap: int | None = None
    replace: bool = False


def read_options_to(options: ReadOptions) -> dict[str, Any]:
    """The options that were really given, as JSON."""
    given = {}
    for known in fields(options):
        value = getattr(options, known.name)
        default = known.default if known.default is not MISSING else None
        if value != default:
            given[known.name] = asdict(options)[known.name]
    return given


def read_options_from(record: dict[str, Any]) -> ReadOptions:
    """The options of a registry entry."""
    values = dict(record)
    for name in ("text", "missing_labels"):
        if name in values:
            values[name] = tuple(values[name])
    if values.get("task") is not None:
        values["task"] = Task(values["task"])
    return ReadOptions(**values)
