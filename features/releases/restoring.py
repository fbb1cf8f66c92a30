"""Going back to a release: a new release whose rankings, settings and artefact files are as they were in that one.

What was accepted since then stays: the registry, feedback, pins, the quarantine and every artefact file.
docs/decisions/0008 says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from features.artefacts.plan import Plan
from features.rankings.history import RankingLedger
from features.rankings.pins import pins_in_force
from features.rankings.pool import Pool, why_not_taken
from features.rankings.ranking import read_ranking
from features.record.git import git
from features.record.recorder import RECORDED_PATHS, mark_unrecorded, record, unrecorded
from features.registry.entries import Kind
from features.releases.artefacts import find_artefacts, put_in_place, refuse_missing
from features.releases.commits import RESTORED, find_release
from features.releases.journal import Journal, decide
from features.releases.publishing import publish_and_record
from features.releases.settings import changed_settings, with_sections_of
from features.releases.snapshot import Snapshot
from features.workspace.layout import Workspace
from features.workspace.settings import settings_of
from models.errors import ArtefactError, PushError, SpringboardError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.releases.commits import Release

__all__ = ["Restored", "restore"]

_AS_IT_WAS = "nothing was restored, and the workspace is as it was"


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes
    ----------
    source
        The release that was put back.
    release
        The new one; None where nothing had to be changed.
    rankings
        The ledger lines that are in force again.
    settings
        Setting -> (value until now, value from now on).
    files
        How many artefact files were put in place.
    newer
        Targets that had no ranking in that release, and keep what they have.
    pinned
        Targets among the restored ones of which a pin goes on showing something else.
    """

    source: Release
    release: str | None
    rankings: list[dict[str, Any]]
    settings: dict[str, tuple[Any, Any]]
    files: int
    newer: list[str]
    pinned: list[str]


def restore(workspace: Workspace, name: str) -> Restored:
    """Put a release back, as a new release.

    Parameters
    ----------
    workspace
        The workspace.
    name
        The release, as :func:`features.releases.commits.find_release` takes it.

    Raises
    ------
    SettingsError
        No release is meant by the name.
    ArtefactError
        Files of it can be had nowhere; the message names them, and the workspace is as it was.
    BusyError
        A refresh has been ranking one of the targets for longer than the settings allow.
    RecordError
        DVC or git said no.
    PushError
        All of it is done, the new release too, and DVC's remote cannot be reached.
    """
    with workspace.lock("restore"):
        source = find_release(workspace, name)
        then = Snapshot(workspace, source)
        found = find_artefacts(workspace, then.folders)
        refuse_missing(found, f"release {source.short}", _AS_IT_WAS)
        change = _Change(workspace, then)
        change.check()
        # What is there now must itself be a release to come back to.
        if unrecorded(workspace) or _typed_since(workspace):
            mark_unrecorded(workspace)
            # All that is needed to go back is here; what a remote lacks is told at the end, when it is as it was.
            with suppress(PushError):
                record(workspace, f"Before restoring {source.short}")
        files = put_in_place(workspace, found)
        with ExitStack() as locks:
            for lock in change.locks():
                locks.enter_context(workspace.lock(lock))
            lines = change.lines()
            if lines or change.settings:
                decide(workspace, change.journal(lines))
        release = None
        if files or lines or change.settings:
            mark_unrecorded(workspace)
            message = f"Restore {source.short} ({source.message})"
            release = publish_and_record(workspace, message, {RESTORED: source.id})
        return Restored(
            source=source,
            release=release,
            rankings=lines,
            settings=change.settings,
            files=files,
            newer=change.newer(),
            pinned=sorted({line["target"] for line in lines} & set(pins_in_force(workspace))),
        )


def _typed_since(workspace: Workspace) -> bool:
    """Whether settings or ledgers hold what no release has yet, typed by hand for one."""
    paths = [path for path in RECORDED_PATHS if (workspace.root / path).exists()]
    return bool(git(workspace.root, "status", "--porcelain", "--", *paths).strip())


class _Change:
    """What has to be changed for a release to be in force again."""

    def __init__(self, workspace: Workspace, then: Snapshot) -> None:
        self.then = then
        self.root = workspace.root
        self.before = workspace.params_file.read_text(encoding="utf-8")
        self.after = with_sections_of(self.before, then.text("params.yaml"))
        # The workspace as it will be: the states of rankings follow from its settings.
        self.workspace = Workspace(workspace.root)
        self.workspace.__dict__["settings"] = settings_of(self.after, workspace.params_file)
        self.plan = Plan(self.workspace)
        self.settings = changed_settings(_loaded(self.before), _loaded(self.after))

    def check(self) -> None:
        """Raise where the release's rankings could not be shown again."""
        wanted = self.then.newest
        foreign = {line["encoder"] for line in wanted.values()} - {self.plan.encoder}
        if wanted and foreign:
            raise ArtefactError(
                f"release {self.then.release.short} was ranked with encoder {min(foreign)[:12]}, and its settings give "
                f"{self.plan.encoder[:12]} here: the encoder's weights are other ones than they were",
                consequence=_AS_IT_WAS,
                next_step="bring back the weights that encoder.ref of that release's params.yaml names, "
                "and type the same command again",
            )

    def locks(self) -> list[str]:
        """The locks that keep a refresh from ranking a target while its ranking is put back; in one order for all."""
        targets = self.plan.registry.current(Kind.TARGET)
        of = {targets[name].version for name, _ in self.then.newest if name in targets}
        return sorted(f"target-{version[:16]}" for version in of)

    def lines(self) -> list[dict[str, Any]]:
        """The lines that make the release's rankings the newest again, where they are not."""
        ledger, pool, restore_id = RankingLedger(self.workspace), Pool(self.plan), uuid4().hex
        found = []
        for (target, scorer), line in sorted(self.then.newest.items()):
            newest = ledger.newest(target, scorer, line["encoder"])
            if newest is not None and newest["ranking_id"] == line["ranking_id"]:
                continue
            # It must be whole before anything is decided.
            read_ranking(self.workspace.folder("rankings"), line["ranking_id"])
            kept = {name: line[name] for name in line if name not in ("at", "restore", "restored_from")}
            found.append(
                {
                    **kept,
                    "state": self._state(pool, target, scorer, line),
                    "ranked_at": line.get("ranked_at", line["at"]),
                    "restored_from": self.then.release.id,
                    "restore": restore_id,
                }
            )
        return found

    def _state(self, pool: Pool, target: str, scorer: str, line: Mapping[str, Any]) -> str:
        """The present state: what has changed since the release is passed over knowingly, and makes nothing stale."""
        entry = self.plan.registry.current(Kind.TARGET).get(target)
        try:
            if entry is None or why_not_taken(get_scorer(scorer).name, entry):
                return str(line["state"])
            return pool.state(entry, scorer)
        except SpringboardError:
            # A scorer or a part of the pool that is not here any more: then a refresh has to look at it anyway.
            return str(line["state"])

    def journal(self, lines: list[dict[str, Any]]) -> Journal:
        """The decision."""
        restore_id = lines[0]["restore"] if lines else uuid4().hex
        return Journal(restore_id, self.then.release.id, self.before, self.after, lines)

    def newer(self) -> list[str]:
        """Targets that the release had no ranking of, and that have one."""
        known = {target for target, _ in self.then.newest}
        ranked = {line["target"] for line in RankingLedger(self.workspace).lines(encoder=self.plan.encoder)}
        return sorted(ranked - known)


def _loaded(text: str) -> dict[str, Any]:
    import yaml

    return dict(yaml.safe_load(text) or {})
