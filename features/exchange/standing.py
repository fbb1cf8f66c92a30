"""Whether an imported ESM stands on the workspace's encoder: base model, pooling and width, or why not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.reading.wording import shown
from models.encoder.locate import locate_model
from models.esm.exchange import reference_pooling

if TYPE_CHECKING:
    from features.exchange.imports import Import
    from features.workspace.layout import Workspace
    from models.encoder.settings import EncoderSettings

__all__ = ["EncoderFacts", "encoder_facts", "same_model", "why_not"]

# Models that the hub has moved under an owner; configs written before say the bare name.
_OWNERS = ("google-bert", "FacebookAI", "distilbert")


@dataclass(frozen=True)
class EncoderFacts:
    """What is asked of the workspace's encoder: its settings, its type and width, and its content's hash."""

    settings: EncoderSettings
    model_type: str
    width: int | None
    content: str


def encoder_facts(workspace: Workspace) -> EncoderFacts:
    """Read what the encoder's own config says; no weights are loaded.

    Raises
    ------
    EncoderError, ReadError
        The encoder of params.yaml cannot be found.
    """
    from models.encoder.identity import hash_model_folder

    settings = workspace.settings.encoder
    folder = locate_model(settings.ref, settings.revision)
    content = hash_model_folder(folder, workspace.encoder_cache)
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width = config.get("hidden_size", config.get("dim"))
    return EncoderFacts(
        settings, str(config.get("model_type", "")), width if isinstance(width, int) else None, content
    )


def same_model(one: str, other: str) -> bool:
    """Whether two hub ids name one model: equal, or one of them its old name without the owner."""
    return one == other or any(
        f"{owner}/{bare}" == full for bare, full in ((one, other), (other, one)) for owner in _OWNERS
    )


def why_not(imported: Import, encoder: EncoderFacts) -> str | None:
    """Say why an imported ESM cannot be ranked with an encoder; None where it can."""
    settings = encoder.settings
    told = imported.same_weights_as
    if not (same_model(imported.base_model, settings.ref) or told == encoder.content):
        return (
            f"made for {shown(imported.base_model, 200)}, and this workspace's encoder is {settings.ref}. "
            f"It is ranked where params.yaml says {_wanted(imported, None)}; or, if that is the same model under "
            "another reference, after `springboard esm import` with --same-model"
        )
    if encoder.width is not None and imported.width != encoder.width:
        return f"its map is {imported.width} wide where the encoder gives {encoder.width}"
    pooling = imported.pooling or reference_pooling(imported.base_model, encoder.model_type)
    if pooling is None:
        return (
            f"how it was made is unknown: hf-dataset-selector does not embed with models of type "
            f"{encoder.model_type!r}. `springboard esm import` with --pooling says it"
        )
    if pooling != settings.pooling:
        return (
            f"made on pooling {pooling}, and this workspace's encoder pools by {settings.pooling}. It is ranked "
            f"where params.yaml says {_wanted(imported, pooling)}"
        )
    return None


def _wanted(imported: Import, pooling: str | None) -> str:
    """The settings under which it can be ranked, as far as they are known."""
    known = pooling or imported.pooling
    if known is None and "sentence-transformers" in imported.base_model:
        known = "mean"
    kind = known or "pooler (first for RoBERTa and DistilBERT)"
    return f"encoder.ref: {shown(imported.base_model, 200)}, encoder.pooling: {kind}"
