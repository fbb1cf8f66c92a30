"""The encoders of a run, loaded once per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from models.encoder import Encoder, EncoderSettings

__all__ = ["encoder_of", "sentence_encoder_of"]

_LOADED: dict[str, tuple[str, Encoder]] = {}
"""What it is for -> (id, encoder); the last one of each stays, so that a run over many sources loads it once."""


def encoder_of(plan: Plan) -> Encoder:
    """The settings' encoder.

    Raises
    ------
    EncoderError, ReadError
        It cannot be loaded.
    """
    return _loaded("rows", plan.encoder, plan.workspace.settings.encoder)


def sentence_encoder_of(plan: Plan) -> Encoder:
    """The encoder of sentence centroids.

    Raises
    ------
    EncoderError, ReadError
        It cannot be loaded.
    """
    return _loaded("sentences", plan.sentence_encoder, plan.sentence_settings)


def _loaded(purpose: str, identity: str, settings: EncoderSettings) -> Encoder:
    if _LOADED.get(purpose, ("", None))[0] != identity:
        from models.encoder import load_encoder

        _LOADED.pop(purpose, None)
        _LOADED[purpose] = (identity, load_encoder(settings))
    return _LOADED[purpose][1]
