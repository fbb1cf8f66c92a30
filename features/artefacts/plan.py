"""Which artefacts the workspace should hold, by key, and which of them are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.keys import key_of
from features.registry.entries import Entry, Kind, Registry
from models.encoder.identity import encoder_id

if TYPE_CHECKING:
    from features.workspace.layout import Workspace
    from features.workspace.settings import EsmParams
    from models.encoder.settings import EncoderSettings

__all__ = ["Plan", "SourceKeys", "esm_settings", "registry_of"]


def registry_of(workspace: Workspace) -> Registry:
    """The workspace's registry, as its ledger stands now."""
    return Registry(workspace.ledgers / "registry.jsonl")


@dataclass(frozen=True)
class SourceKeys:
    """The keys of everything made for one source."""

    embedding: str
    moments: str
    esm: str


@dataclass(frozen=True)
class Plan:
    """Keys and paths under the settings in force; the encoder's id is found once per plan."""

    workspace: Workspace

    @cached_property
    def encoder(self) -> str:
        """The id of the settings' encoder.

        Raises
        ------
        EncoderError, ReadError
            The encoder of params.yaml cannot be found.
        """
        return encoder_id(self.workspace.settings.encoder, self.workspace.encoder_cache)

    @cached_property
    def sentence_settings(self) -> EncoderSettings:
        """The encoder of sentence centroids: mean pooling, over as much of a text as the encoder reads.

        The encoder's own reference means the encoder's own revision.
        """
        from features.workspace.settings import placed_ref

        settings = self.workspace.settings
        ref = placed_ref(settings.ranking.sentence_encoder, self.workspace.root)
        revision = settings.encoder.revision if ref == settings.encoder.ref else None
        return replace(settings.encoder, ref=ref, revision=revision, pooling="mean")

    @cached_property
    def sentence_encoder(self) -> str:
        """The id of the encoder of sentence centroids; often it is the encoder itself.

        Raises
        ------
        EncoderError, ReadError
            ``ranking.sentence_encoder`` of params.yaml cannot be found.
        """
        return encoder_id(self.sentence_settings, self.workspace.encoder_cache)

    @cached_property
    def registry(self) -> Registry:
        """The registry as it was when the plan was first asked."""
        return registry_of(self.workspace)

    def embedding_key(self, version: str, kind: Kind) -> str:
        """Of a source a sample of rows is kept, of a target all of them."""
        sample = self.workspace.settings.store.sample_rows if kind is Kind.SOURCE else None
        return key_of("embedding", {"dataset": version, "encoder": self.encoder}, {"sample_rows": sample})

    def sentence_key(self, version: str) -> str:
        """Of a dataset's centroid by the sentence encoder; the same for a source and a target of these rows."""
        return key_of("sentences", {"dataset": version, "encoder": self.sentence_encoder}, {})

    def traces_key(self, version: str) -> str:
        """Of what is kept of the encoder tuned on a target."""
        tuning = _numbers_that_matter(self.workspace.settings.tuning)
        return key_of("traces", {"dataset": version, "encoder": self.encoder}, {"tuning": tuning})

    def source_keys(self, source: Entry) -> SourceKeys:
        """The keys of a source's sampled embeddings, moments and ESM."""
        settings = self.workspace.settings
        tuned = source.tuned_model_id
        moments = key_of(
            "moments",
            {"dataset": source.version, "encoder": self.encoder, "tuned_model": tuned},
            {
                # A model tuned elsewhere was not tuned by our settings.
                "tuning": None if tuned else _numbers_that_matter(settings.tuning),
                "folds": settings.esm.folds,
                "seed": settings.esm.seed,
            },
        )
        esm = key_of("esm", {"moments": moments}, esm_settings(settings.esm))
        return SourceKeys(self.embedding_key(source.version, Kind.SOURCE), moments, esm)

    def path(self, kind: str, key: str) -> Path:
        """Where an artefact of a kind lies."""
        suffix = {"datasets": ".parquet", "quarantine": ".parquet", "rankings": ".json"}.get(
            kind, ".safetensors"
        )
        return self.workspace.folder(kind) / f"{key}{suffix}"

    def pool(self) -> list[Entry]:
        """The distinct sources."""
        return list(self.registry.pool().values())

    def chosen(self, names: Sequence[str] | None) -> list[Entry]:
        """The sources that names stand for, or the whole pool.

        The same rows under two names are one source, told of under the name that came first.

        Raises
        ------
        NamingError
            A name is not registered.
        """
        if not names:
            return self.pool()
        pool = self.registry.pool()
        entries = (self.registry.get(Kind.SOURCE, name) for name in names)
        firsts = (pool[entry.version, entry.tuned_model_id] for entry in entries)
        return list({entry.name: entry for entry in firsts}.values())

    def is_ready(self, source: Entry) -> bool:
        """Whether everything made for a source is on disk."""
        keys = self.source_keys(source)
        present = self.path("esms", keys.esm).exists() and self.path("embeddings", keys.embedding).exists()
        return present and not self.is_only_shipped(keys)

    def is_only_shipped(self, keys: SourceKeys) -> bool:
        """Whether an ESM that is there came with a ready-made pool, and nothing was tuned here for it yet."""
        return keys.esm in self._shipped_esms and not self.path("moments", keys.moments).exists()

    @cached_property
    def _shipped_esms(self) -> set[str]:
        return {one.esm for one in self.registry.pooled().values()}

    def pending(self) -> list[Entry]:
        """The sources that have no ESM under the settings in force."""
        return [source for source in self.pool() if not self.is_ready(source)]


def esm_settings(esm: EsmParams) -> dict[str, object]:
    """The settings that shape an ESM given its moments; those of ``auto`` only where it is asked for."""
    found: dict[str, object] = {"rank": esm.rank, "strengths": list(esm.strengths)}
    if esm.rank == "auto":
        found |= {"max_bytes": esm.max_bytes, "tolerance": esm.tolerance}
    return found


def _numbers_that_matter(tuning: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(tuning)  # type: ignore[call-overload, no-any-return]
