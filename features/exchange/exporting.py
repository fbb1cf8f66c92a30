"""Giving an ESM of ours to others, in the exchange format of `hf-dataset-selector`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.esms import read_esm
from features.artefacts.files import read_arrays_card
from features.exchange.standing import encoder_facts
from features.reading.reference import hub_id_of
from features.registry.entries import Entry
from models.encoder.locate import is_local
from models.errors import EncoderError, SettingsError
from models.esm.exchange import ExchangeConfig, reference_pooling, write_exchange

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["Exported", "export_esm"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9_][\w.-]*)?")


@dataclass(frozen=True)
class Exported:
    """Where an ESM was written, the base model its config names, its rank, and the bytes of its weights."""

    folder: Path
    base_model: str
    rank: int
    bytes: int


def export_esm(
    plan: Plan, name: str, folder: Path, *, base_model: str | None = None, any_pooling: bool = False
) -> Exported:
    """Write a source's ESM as a folder that `hf-dataset-selector` loads.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    name
        A registered source.
    folder
        Where to; must not exist.
    base_model
        The hub id of the encoder, which whoever loads the ESM embeds with. Needed where params.yaml gives it as a
        folder or a package.
    any_pooling
        Write it although that package would embed with another pooling than the map was made on: for another
        Springboard, which reads the pooling from the config.

    Raises
    ------
    NamingError
        No such source.
    SettingsError
        The base model has no name that others could load it by.
    EncoderError
        `hf-dataset-selector` would embed with another pooling.
    ArtefactError
        The ESM is not there or is broken, or the folder exists.
    """
    source = plan.chosen([name])[0]
    encoder = encoder_facts(plan.workspace)
    settings = encoder.settings
    base = base_model or settings.ref
    if (base_model is None and is_local(base)) or not _HUB_ID.fullmatch(base):
        raise SettingsError(
            f"the encoder '{base}' is not known to others by that name",
            consequence="nothing was written",
            next_step=f"springboard esm export {name} DIR --base-model OWNER/NAME (its id on the hub)",
        )
    theirs = reference_pooling(base, encoder.model_type)
    if theirs != settings.pooling and not any_pooling:
        how = f"pools {base} by {theirs}" if theirs else f"cannot embed with models like {base}"
        raise EncoderError(
            f"the ESM of '{name}' stands on pooling {settings.pooling}, and hf-dataset-selector {how}",
            consequence="nothing was written; its scores there would mean nothing",
            next_step="export with --any-pooling for another Springboard, or from a workspace whose encoder "
            + (f"has pooling: {theirs}" if theirs else "is a BERT, RoBERTa or DistilBERT"),
        )
    key = plan.source_keys(source).esm
    path = plan.path("esms", key)
    width = encoder.width if encoder.width is not None else int(read_arrays_card(path).facts["dim"])
    esm = read_esm(plan, key, width)
    write_exchange(folder, esm, _config(source, base, encoder.settings.pooling))
    size = (folder / "model.safetensors").stat().st_size
    return Exported(folder, base, esm.rank, size)


def _config(source: Entry, base: str, pooling: str) -> ExchangeConfig:
    said = source.options
    text = said.get("text") or ()
    on_hub = None if source.reference.startswith((".", "/")) else hub_id_of(source.reference)
    return ExchangeConfig(
        base_model=base,
        task_id=on_hub or source.name,
        task_subset=said.get("subset"),
        task_split=said.get("split"),
        text_columns=tuple(map(str, text)),
        label_column=said.get("label"),
        num_examples=source.rows,
        pooling=pooling,  # type: ignore[arg-type]
    )
