"""Which artefact files are needed: by the present state, by pins, and by the newest releases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from features.artefacts.files import read_arrays_card
from features.artefacts.plan import Plan
from features.rankings.history import RankingLedger
from features.rankings.pins import pins_in_force
from features.rankings.ranking import read_ranking
from features.record.git import git, head
from features.registry.entries import POOL_ADDED, Entry, Kind
from features.registry.ledger import parse_time
from features.releases.commits import Release, releases
from features.workspace.layout import Workspace
from features.workspace.settings import Settings, settings_of
from models.errors import ArtefactError, SpringboardError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COLLECTED", "Needed", "needed"]

COLLECTED = ("datasets", "sketches", "embeddings", "moments", "esms", "sentences", "traces")
"""Folders that files may leave. Scores, overlaps and rankings are what is asked about the past, quarantine waits for
somebody's decision, and the files of pools are few: those all stay."""

_SLACK = timedelta(seconds=2)
"""git keeps whole seconds."""


@dataclass
class Needed:
    """What has to stay in ``data/``.

    Attributes
    ----------
    keys
        Folder -> the names (without ending) of files that are needed.
    versions
        Versions of datasets in whose favour the settings of some release cannot be told any more (its encoder is not
        here, say): everything that was made of these stays.
    """

    keys: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in COLLECTED})
    versions: set[str] = field(default_factory=set)

    def wants(self, kind: str, key: str) -> bool:
        """Whether a file that is not there should be."""
        return kind not in COLLECTED or key in self.keys[kind] or bool(self.versions)

    def holds(self, kind: str, path: Path) -> bool:
        """Whether a file has to stay; one whose card cannot be read does, for nobody knows what it is."""
        if path.stem in self.keys[kind]:
            return True
        if kind in ("datasets", "sketches"):
            return False
        try:
            card = read_arrays_card(path)
        except ArtefactError:
            return True
        # An imported map cannot be made anew, and says nothing of a dataset.
        dataset = card.inputs.get("dataset")
        return dataset is None or dataset in self.versions


def needed(workspace: Workspace, keep_releases: int) -> Needed:
    """Find out what has to stay.

    Parameters
    ----------
    workspace
        The workspace.
    keep_releases
        How many of the newest releases count.

    Raises
    ------
    ArtefactError
        A ledger is broken: then nobody knows, and nothing may go.
    RecordError
        git cannot read the history.
    """
    plan = Plan(workspace)
    kept = releases(workspace, keep_releases)
    pinned = _pinned(workspace)
    found = Needed()
    entries = [*_in_force(plan, kept, pinned), *_ranked(plan)]
    found.keys["datasets"] = {entry.version for entry in entries}
    found.keys["sketches"] = {entry.sketch for entry in entries}
    for line in plan.registry.ledger.read():
        if line.get("event") == POOL_ADDED:
            found.keys["esms"] |= {str(one["esm"]) for one in line["sources"]}
            found.keys["sketches"] |= {str(one["sketch"]) for one in line["sources"]}
    for settings in _settings(workspace, kept, pinned):
        _add_keys(found, workspace, settings, entries)
    return found


def _add_keys(found: Needed, workspace: Workspace, settings: Settings | None, entries: list[Entry]) -> None:
    """What the entries' artefacts are called under some settings."""
    try:
        if settings is None:
            raise ArtefactError("settings of a release that cannot be read")
        then = Workspace(workspace.root)
        then.__dict__["settings"] = settings
        plan = Plan(then)
        for entry in entries:
            found.keys["embeddings"].add(plan.embedding_key(entry.version, entry.kind))
            found.keys["sentences"].add(plan.sentence_key(entry.version))
            if entry.kind is Kind.TARGET:
                found.keys["traces"].add(plan.traces_key(entry.version))
                continue
            keys = plan.source_keys(entry)
            found.keys["moments"].add(keys.moments)
            found.keys["esms"].add(keys.esm)
    except SpringboardError:
        found.versions |= {entry.version for entry in entries}


def _in_force(plan: Plan, kept: list[Release], pinned: list[Release]) -> list[Entry]:
    """Every registration that was in force in the time of the kept releases, or of a pinned one."""
    history = plan.registry.history
    moments = [parse_time(one.at) - _SLACK for one in [*kept[-1:], *pinned]]
    found: dict[tuple[str, str, str, str | None], Entry] = {}

    def take(entries: Iterable[Entry]) -> None:
        for entry in entries:
            found[entry.kind.value, entry.name, entry.version, entry.tuned_model_id] = entry

    for kind in Kind:
        take(plan.registry.current(kind).values())
        for moment in moments:
            take(plan.registry.current(kind, moment).values())
    since = moments[0] if kept else None
    take(entry for entry in history if since is None or parse_time(entry.at) >= since)
    return [*found.values(), *_around(history, [parse_time(one.at) for one in pinned])]


def _around(history: list[Entry], moments: list[datetime]) -> list[Entry]:
    """Registrations of the very seconds in which a pinned release was made."""
    return [entry for entry in history if any(abs(parse_time(entry.at) - at) <= _SLACK for at in moments)]


def _ranked(plan: Plan) -> list[Entry]:
    """The registrations that rankings which are shown stand on, however old these are."""
    workspace = plan.workspace
    newest = {
        (line["target"], line["scorer"], line["encoder"]): line for line in RankingLedger(workspace).lines()
    }
    lines = [*newest.values(), *(line for pin in pins_in_force(workspace).values() for line in pin.rankings)]
    versions: set[str] = set()
    for line in lines:
        versions.add(line["target_version"])
        try:
            ranking = read_ranking(workspace.folder("rankings"), line["ranking_id"])
        except ArtefactError:
            continue  # The integrity check says so.
        versions |= {row["source_version"] for row in ranking["ranking"]}
    return [entry for entry in plan.registry.history if entry.version in versions]


def _pinned(workspace: Workspace) -> list[Release]:
    pins = {pin.release for pin in pins_in_force(workspace).values()}
    return [one for one in releases(workspace) if one.id in pins] if pins else []


def _settings(workspace: Workspace, kept: list[Release], pinned: list[Release]) -> list[Settings | None]:
    """The different settings of now and of the releases; None for some that cannot be read any more."""
    texts = {workspace.params_file.read_text(encoding="utf-8")}
    commits = [one.id for one in [*kept[-1:], *pinned]]
    if kept and head(workspace.root) is not None:
        between = f"{kept[-1].id}..HEAD"
        said = git(workspace.root, "log", "--first-parent", "--format=%H", between, "--", "params.yaml")
        commits += said.split()
    texts |= {git(workspace.root, "show", f"{commit}:./params.yaml", check=False) for commit in commits}
    return [_read(workspace, text) for text in sorted(texts) if text]


def _read(workspace: Workspace, text: str) -> Settings | None:
    try:
        return settings_of(text, workspace.params_file)
    except SpringboardError:
        return None
