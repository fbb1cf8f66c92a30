"""Settings as they were in a release, put into the params.yaml of now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import yaml
from pydantic import TypeAdapter

__all__ = ["SECTIONS", "changed_settings", "with_sections_of"]

SECTIONS = ("encoder", "tuning", "esm", "ranking", "calibration", "overlap")
"""The sections of params.yaml that rankings follow from. How runs go, where the store lies and what the gate refuses
are matters of today, and stay as they are."""

_HEAD = re.compile(r"^(\w+):")


def changed_settings(
    old: Mapping[str, Any], new: Mapping[str, Any], sections: tuple[str, ...] = SECTIONS
) -> dict[str, tuple[Any, Any]]:
    """``section.key`` -> (old value, new value), of the settings that differ; None where there is none.

    Parameters
    ----------
    old, new
        What two params.yaml hold.
    sections
        Which of their sections are looked at.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for section in sections:
        was, now = old.get(section) or {}, new.get(section) or {}
        if not isinstance(was, Mapping) or not isinstance(now, Mapping):
            continue
        for key in [*was, *(key for key in now if key not in was)]:
            if was.get(key) != now.get(key):
                found[f"{section}.{key}"] = (was.get(key), now.get(key))
    return found


def with_sections_of(present: str, release: str) -> str:
    """The text of a params.yaml with those sections of it that rankings follow from as another one has them.

    Comments and everything else stay as they are; where the texts cannot be taken apart, the values are right all
    the same and the comments are lost.

    Parameters
    ----------
    present, release
        The text of now, and the one that the sections are taken from.
    """
    now, then = yaml.safe_load(present) or {}, yaml.safe_load(release) or {}
    # A section that the release did not know had its defaults then. They are written out, for dvc.yaml stays as it is
    # now, and DVC records nothing where it names a section that params.yaml lacks.
    unknown = {name: _defaults_of(name) for name in SECTIONS if name in now and name not in then}
    wanted = {**now, **{name: then[name] for name in SECTIONS if name in then}, **unknown}
    if wanted == now:
        return present
    before, blocks = _blocks(present)
    _, others = _blocks(release)
    for name in SECTIONS:
        if name in others:
            # A section that is the same in substance keeps the words it has now.
            if now.get(name) != then.get(name):
                blocks[name] = others[name]
        elif name in unknown and now[name] != unknown[name]:
            above = "".join(
                takewhile(lambda line: not _HEAD.match(line), blocks.get(name, "").splitlines(keepends=True))
            )
            blocks[name] = (
                above + yaml.safe_dump({name: unknown[name]}, sort_keys=False, allow_unicode=True) + "\n"
            )
    text = before + "".join(blocks.values())
    return text if _holds(text, wanted) else yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)


def _defaults_of(section: str) -> dict[str, Any]:
    """A section as it is in force where params.yaml does not have it."""
    from features.workspace.settings import Settings

    default = Settings.model_fields[section].get_default(call_default_factory=True)
    plain: dict[str, Any] = TypeAdapter(type(default)).dump_python(default, mode="json")
    return plain


def _holds(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return bool(yaml.safe_load(text) == wanted)
    except yaml.YAMLError:
        return False


def _blocks(text: str) -> tuple[str, dict[str, str]]:
    """What comes before the first section, and section -> its lines, the comment above it with it."""
    blocks: dict[str, str] = {}
    before, above, name = "", "", ""
    for line in text.splitlines(keepends=True):
        head = _HEAD.match(line)
        if head:
            name = head[1]
            blocks[name] = above + line
            above = ""
        elif line.startswith("#") or not line.strip():
            above += line
        elif name:
            blocks[name] += above + line
            above = ""
        else:
            before += above + line
            above = ""
    if above and name:
        blocks[name] += above
    if text and not text.endswith("\n") and name:
        blocks[name] += "\n"
    return before, blocks
