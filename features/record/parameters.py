"""What dvc.yaml goes by has to stand in params.yaml, also where it is as it would be anyway."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from models.errors import RecordError

__all__ = ["check_parameters"]


def check_parameters(root: Path) -> None:
    """Refuse a workspace whose dvc.yaml names parameters that its params.yaml lacks.

    Settings that are left out have their defaults, and all other commands go by these; DVC stops, in words of its own.

    Raises
    ------
    RecordError
        Says what to add.
    """
    try:
        stages, params = (
            yaml.safe_load((root / name).read_text("utf-8")) for name in ("dvc.yaml", "params.yaml")
        )
        every = [one for stage in stages["stages"].values() for one in stage.get("params", ())]
        named = [one for one in every if isinstance(one, str)]  # Others are of other files.
    except (OSError, ValueError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return  # DVC says of a file that it cannot read what is wrong with it.
    missing = [one for one in dict.fromkeys(named) if not _has(params, one)]
    if missing:
        raise RecordError(
            f"'{root / 'params.yaml'}' lacks {', '.join(missing)}, which dvc.yaml goes by",
            consequence="what was computed is kept in data/, but is not recorded yet",
            next_step=f"add what is in force anyway, and type the command again: {_defaults(root, missing)}",
        )


def _has(params: Any, name: str) -> bool:
    for key in name.split("."):
        if not isinstance(params, Mapping) or key not in params:
            return False
        params = params[key]
    return True


def _defaults(root: Path, missing: list[str]) -> str:
    """The settings in force, as they may be written."""
    from features.workspace.settings import load_settings

    whole = load_settings(root / "params.yaml").model_dump(mode="json")
    told = []
    for name in missing:
        value: Any = whole
        for key in name.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        for key in reversed(name.split(".")):
            value = {key: value}
        told.append(yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()[1:-1])
    return "; ".join(told)
