"""A model tuned elsewhere, looked at when it is named and not only hours later when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.encoders import encoder_of
from features.registry.places import kept_reference
from models.encoder.locate import locate_model
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["TunedModel", "checked_tuned_model", "find_tuned_model"]


@dataclass(frozen=True)
class TunedModel:
    """Where a tuned model can be read again from any folder, and the hash of its weights."""

    reference: str
    id: str


def find_tuned_model(reference: str) -> None:
    """Find a model tuned elsewhere and load nothing of it: a misspelt one is said before anything long is read.

    Raises
    ------
    ReadError
        There is no such model, or the hub cannot be reached.
    """
    with _nothing_registered():
        locate_model(reference)


@contextmanager
def _nothing_registered() -> Iterator[None]:
    """Say what an error about a model means for the source that it was brought for."""
    try:
        yield
    except SpringboardError as problem:
        problem.consequence = "nothing was registered"
        raise


def checked_tuned_model(plan: Plan, reference: str | None) -> TunedModel | None:
    """Load a model tuned elsewhere once, to see that it belongs to the workspace's encoder.

    Raises
    ------
    EncoderError
        It has another width or vocabulary than the encoder, or cannot be loaded.
    ReadError
        There is no such model, or the hub cannot be reached.
    """
    if reference is None:
        return None
    from models.tuning import load_tuned, tuned_model_id

    with _nothing_registered():
        load_tuned(reference, encoder_of(plan))
    is_local = Path(reference).expanduser().exists()
    return TunedModel(kept_reference(plan.workspace, reference, is_local=is_local), tuned_model_id(reference))
