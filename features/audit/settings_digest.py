"""Which settings are in force, as hashes: the log says that and where they changed, and never what they hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["changed_sections", "sections_of", "settings_hash"]


def settings_hash(workspace: Workspace) -> str:
    """SHA-256 of params.yaml as it stands; empty where it cannot be read."""
    try:
        return hashlib.sha256(workspace.params_file.read_bytes()).hexdigest()
    except OSError:
        return ""


def sections_of(workspace: Workspace) -> dict[str, str]:
    """Section of params.yaml -> hash of what it says, comments and order left out; empty where it is broken."""
    import json

    import yaml

    try:
        read = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
        return {
            str(name): hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[
                :16
            ]
            for name, value in read.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        return {}


def changed_sections(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The sections that say something else than before; those that came or went too."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
