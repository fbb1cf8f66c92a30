"""What a release says: its ledgers, its settings and which files it is made of, read from git without a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from features.rankings.pins import pins_of
from features.record.git import git, git_bytes
from features.record.recorded import folders_of
from features.registry.ledger import records_of
from models.errors import RecordError, SpringboardError

if TYPE_CHECKING:
    from features.releases.commits import Release
    from features.workspace.layout import Workspace

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """One release of a workspace, as git holds it."""

    workspace: Workspace
    release: Release

    def text(self, path: str) -> str:
        """A file of the release; empty where it had none."""
        # "./" means the workspace's folder, also where it lies inside a larger repository.
        return git(self.workspace.root, "show", f"{self.release.id}:./{path}", check=False)

    def content(self, path: str) -> bytes:
        """The same as the bytes that were committed."""
        return git_bytes(self.workspace.root, "show", f"{self.release.id}:./{path}", check=False)

    def ledger(self, name: str) -> list[dict[str, Any]]:
        """The records of one of its ledgers, oldest first.

        Raises
        ------
        RecordError
            A line of it is no record.
        """
        try:
            # Bytes: a line that was torn, which is passed over, may end inside a character.
            return records_of(self.content(f"ledgers/{name}.jsonl"))
        except ValueError:
            raise RecordError(
                f"ledgers/{name}.jsonl of release {self.release.short} holds a line that is no record",
                consequence="nothing was done",
                next_step=f"git show {self.release.short}:./ledgers/{name}.jsonl shows it; choose another release",
            ) from None

    @cached_property
    def params(self) -> dict[str, Any]:
        """Its params.yaml, as it was typed.

        Raises
        ------
        RecordError
            It is no YAML.
        """
        try:
            found = yaml.safe_load(self.text("params.yaml")) or {}
        except yaml.YAMLError:
            raise RecordError(
                f"params.yaml of release {self.release.short} cannot be read",
                consequence="nothing was done",
                next_step="choose another release",
            ) from None
        return dict(found)

    @cached_property
    def encoder(self) -> str | None:
        """The id of its encoder; None where that cannot be found here."""
        from features.workspace.settings import settings_of
        from models.encoder.identity import encoder_id

        try:
            settings = settings_of(self.text("params.yaml"), self.workspace.params_file)
            return encoder_id(settings.encoder, self.workspace.encoder_cache)
        except SpringboardError:
            return None

    @cached_property
    def newest(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(target, scorer) -> the ledger line of the ranking that was the newest by the encoder of the time.

        Where that encoder cannot be told any more, the newest of all.
        """
        lines = self.ledger("rankings")
        of_encoder = [line for line in lines if line["encoder"] == self.encoder]
        return {(line["target"], line["scorer"]): line for line in of_encoder or lines}

    @cached_property
    def in_force(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The same for what people were shown: pins count."""
        found = dict(self.newest)
        for pin in pins_of(self.ledger("pins")).values():
            for line in pin.rankings:
                if self.encoder in (None, line["encoder"]):
                    found[line["target"], line["scorer"]] = dict(line)
        return found

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Folder of artefacts (``data/esms``) -> the hash of its list of files, as dvc.lock has it."""
        try:
            return folders_of(self.text("dvc.lock"))
        except ValueError:
            raise RecordError(
                f"dvc.lock of release {self.release.short} cannot be read",
                consequence="nothing was done",
                next_step="choose another release",
            ) from None
