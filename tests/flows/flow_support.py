"""What the tests of the flows share: settings written into a workspace, and the bundled files."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from features.workspace import Workspace


def write_params(workspace: Workspace, **sections: dict[str, object]) -> Workspace:
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    for section, values in sections.items():
        params[section] |= values
    workspace.params_file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    workspace.__dict__.pop("settings", None)
    return workspace


def demo_file(name: str) -> str:
    import flows.demo

    return os.fspath(Path(next(iter(flows.demo.__path__))) / "data" / name)
