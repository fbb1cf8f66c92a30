"""How what comes in is to be read: said in a file beside it, or when it was put on the watch list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from features.inbox.contents import sidecar_of
from features.intake.options import AddOptions, read_options_from, read_options_to
from features.reading.options import ReadOptions
from features.reading.wording import shown
from models.errors import SettingsError
from models.tasks import Task

if TYPE_CHECKING:
    from pathlib import Path

    from features.inbox.items import Item

__all__ = ["options_from", "options_of", "options_to"]

_MOST_BYTES = 16_384
_PLAIN = ("name", "tuned_model", "licence", "cap", "replace")


def _as_list(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class _Sidecar(BaseModel):
    """What the file beside a dataset may say; the words are those of ``source add``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    text: Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(max_length=2)] = ()
    label: str | None = None
    task: Task | None = None
    split: str | None = None
    missing_labels: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    licence: str | None = None
    cap: int | None = Field(default=None, ge=8)
    replace: bool = False


def options_of(item: Item) -> AddOptions:
    """What somebody said about an item.

    Raises
    ------
    SettingsError
        The file beside it cannot be used.
    """
    if item.watch is not None:
        return options_from(item.watch.options)
    sidecar = sidecar_of(item.path) if item.path else None
    return _from_sidecar(sidecar) if sidecar else AddOptions()


def _from_sidecar(path: Path) -> AddOptions:
    try:
        with path.open("rb") as handle:
            content = handle.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise _unusable(path, f"it is longer than {_MOST_BYTES:,} bytes")
        said = _Sidecar.model_validate(yaml.safe_load(content.decode()) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as problem:
        raise _unusable(path, str(problem).splitlines()[0]) from None
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        known = (
            f"; known are {', '.join(_Sidecar.model_fields)}" if first["type"] == "extra_forbidden" else ""
        )
        raise _unusable(path, f"{shown(key)}: {first['msg']}{known}") from None
    plain = said.model_dump()
    outside = {name: plain.pop(name) for name in ("name", "licence", "cap", "replace")}
    return AddOptions(read=ReadOptions(**{**plain, "text": said.text, "task": said.task}), **outside)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"{shown(path.name)} beside it cannot be used: {why}",
        consequence="nothing was stored",
        next_step="correct that file, or take it away; the next ingest tries again",
    )


def options_to(options: AddOptions) -> dict[str, Any]:
    """What was really said, as JSON for the watch list."""
    said = {name: value for name in _PLAIN if (value := getattr(options, name))}
    read = read_options_to(replace(options.read, revision=None))
    return {**said, **({"read": read} if read else {})}


def options_from(record: dict[str, Any]) -> AddOptions:
    """The options of a line of the watch list."""
    plain = {name: record[name] for name in _PLAIN if name in record}
    return AddOptions(read=read_options_from(record.get("read", {})), **plain)
