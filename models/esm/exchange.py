"""The exchange format of `hf-dataset-selector` (Apache-2.0, 0.2.1): a folder or hub repository per ESM.

``config.json`` says what the map was made from, ``model.safetensors`` holds it as ``torch.nn.Linear`` does:
``model.weight`` [d, d] and ``model.bias`` [d], ``y = W x + b``. Version 0.1.0 called the same two tensors
``sequential.0.weight`` and ``sequential.0.bias``. The names in the file decide here, not the version in the
config: that package loads with ``strict=False``, so that names which do not match leave a random map behind.

Its config does not say how texts became vectors. Its code does (:func:`reference_pooling`): a BERT gives its
pooler's output, or the mean over real tokens where ``sentence-transformers`` is part of the model's name;
RoBERTa and DistilBERT give the first token; any other type of model is refused. Padding to 128 tokens, which it
always does, changes none of these. Springboard's own exports say their pooling, under ``pooling``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import uuid4

import numpy as np

from models.encoder.settings import Pooling
from models.errors import ArtefactError
from models.esm.esm import ESM, balanced

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ExchangeConfig", "Exchanged", "read_exchange", "reference_pooling", "write_exchange"]

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
WRITTEN_VERSION = "0.2.1"
"""The release of the package that our exports were loaded with (benchmarks/exchange)."""

Layout = Literal["linear", "sequential"]
_TENSORS: Mapping[Layout, tuple[str, str]] = {
    "linear": ("model.weight", "model.bias"),
    "sequential": ("sequential.0.weight", "sequential.0.bias"),
}
_POOLING_OF_TYPE: Mapping[str, Pooling] = {"bert": "pooler", "roberta": "first", "distilbert": "first"}
_FLOATS = ("F16", "F32", "F64")
_MOST_CONFIG_BYTES = 1_000_000
_MOST_CHARACTERS = 300
_WIDEST = 16_384
_LARGEST = 1e12


@dataclass(frozen=True)
class ExchangeConfig:
    """What a config says of its ESM.

    Attributes
    ----------
    base_model
        The encoder it stands on: a hub id, as a rule.
    task_id, task_subset, task_split, text_columns, label_column, num_examples
        The dataset it was made from: a hub id, as a rule, and the part of it.
    version
        Of the package that wrote it.
    pooling
        Only where Springboard wrote it, else None: :func:`reference_pooling` tells it then.
    """

    base_model: str
    task_id: str
    task_subset: str | None = None
    task_split: str | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    num_examples: int | None = None
    version: str | None = None
    pooling: Pooling | None = None


@dataclass(frozen=True, eq=False)
class Exchanged:
    """An ESM that was read: the map, its config, the layout it lay in, and the sha256 (hex) of its weights' file."""

    esm: ESM
    config: ExchangeConfig
    layout: Layout
    digest: str


def reference_pooling(base_model: str, model_type: str) -> Pooling | None:
    """Tell how `hf-dataset-selector` embeds texts with a model.

    Parameters
    ----------
    base_model
        The name it is loaded by.
    model_type
        As the model's own config says.

    Returns
    -------
    str or None
        None for a type of model that it refuses.
    """
    if model_type == "bert" and "sentence-transformers" in base_model:
        return "mean"
    return _POOLING_OF_TYPE.get(model_type)


def read_exchange(folder: Path) -> Exchanged:
    """Read an ESM of the exchange format; nothing in it is ever run or unpickled.

    Parameters
    ----------
    folder
        Holds config.json and model.safetensors; other files are not looked at.

    Returns
    -------
    Exchanged
        The map has the rank that its weight really has (to float32's precision), and no figures: what was never
        measured here is NaN.

    Raises
    ------
    ArtefactError
        The config is missing, no JSON, or lacks what it must say; the architecture is another than ``linear``; the
        weights are missing, pickled, truncated, of unknown names, of another width than the config says, or hold
        numbers that are not finite.
    """
    facts = _read_config(folder)
    config = _config_of(folder, facts)
    layout, weight, bias = _read_map(folder, facts)
    with (folder / WEIGHTS).open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return Exchanged(_at_its_rank(weight, bias), config, layout, digest)


def write_exchange(folder: Path, esm: ESM, config: ExchangeConfig) -> None:
    """Write an ESM as a folder that `hf-dataset-selector` loads: in full, whatever its rank, in float32.

    The README carries the hub's tags, so that a folder uploaded as it is will be found by them.

    Raises
    ------
    ArtefactError
        Something is at that place already, or the map holds numbers that float32 does not.
    """
    if folder.exists():
        raise ArtefactError(
            f"'{folder}' is there already",
            consequence="nothing was written",
            next_step="give a folder that does not exist yet",
        )
    weight = np.ascontiguousarray(np.eye(esm.dim) + esm.u @ esm.v.T, dtype=np.float32)
    bias = np.ascontiguousarray(esm.b, dtype=np.float32)
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise _broken(folder, "it holds numbers that float32 cannot hold")
    from safetensors.numpy import save_file

    part = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}.part")
    part.mkdir(parents=True)
    try:
        named = dict(zip(_TENSORS["linear"], (weight, bias), strict=True))
        save_file(named, part / WEIGHTS, metadata={"format": "pt"})
        text = json.dumps(_facts_of(config, esm.dim), indent=2, sort_keys=True, allow_nan=False)
        (part / CONFIG).write_text(text + "\n", encoding="utf-8")
        (part / CARD).write_text(_card(config), encoding="utf-8")
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        with path.open("rb") as handle:
            content = handle.read(_MOST_CONFIG_BYTES + 1)
        if len(content) > _MOST_CONFIG_BYTES:
            raise _broken(folder, f"its {CONFIG} is larger than {_MOST_CONFIG_BYTES:,} bytes")
        facts = json.loads(content)
    except OSError as problem:
        missing = isinstance(problem, FileNotFoundError)
        why = f"has no {CONFIG}" if missing else f"has a {CONFIG} that cannot be read"
        raise _broken(folder, f"it {why}") from problem
    except (ValueError, RecursionError) as problem:
        raise _broken(folder, f"its {CONFIG} is not JSON") from problem
    if not isinstance(facts, dict):
        raise _broken(folder, f"its {CONFIG} is not a JSON object")
    return facts


def _config_of(folder: Path, facts: Mapping[str, Any]) -> ExchangeConfig:
    for name in ("base_model_name", "task_id"):
        if _text(facts.get(name)) is None:
            raise _broken(folder, f"its {CONFIG} does not say {name}")
    architecture = facts.get("esm_architecture")
    if architecture != "linear":
        raise _broken(folder, f"its architecture is {_shown(architecture)}, and only 'linear' is known")
    pooling = facts.get("pooling")
    if pooling is not None and pooling not in get_args(Pooling):
        raise _broken(folder, f"its pooling is {_shown(pooling)}, which is none of {get_args(Pooling)}")
    columns = facts.get("text_column")
    several = columns if isinstance(columns, list) else [columns]
    rows = facts.get("num_examples")
    return ExchangeConfig(
        base_model=str(_text(facts["base_model_name"])),
        task_id=str(_text(facts["task_id"])),
        task_subset=_text(facts.get("task_subset")),
        task_split=_text(facts.get("task_split")),
        text_columns=tuple(text for text in map(_text, several) if text is not None),
        label_column=_text(facts.get("label_column")),
        num_examples=rows if isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0 else None,
        version=_text(facts.get("version")),
        pooling=pooling,
    )


def _read_map(
    folder: Path, facts: Mapping[str, Any]
) -> tuple[Layout, NDArray[np.float64], NDArray[np.float64]]:
    from safetensors import SafetensorError, safe_open

    path = folder / WEIGHTS
    if not path.is_file():
        pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
        only = "only pickled weights, which are never read" if pickled else f"no {WEIGHTS}"
        raise _broken(folder, f"it has {only}")
    try:
        with safe_open(path, framework="numpy") as opened:
            layout = _layout(folder, set(opened.keys()))
            names = _TENSORS[layout]
            slices = [opened.get_slice(name) for name in names]
            _check_shapes(folder, [list(one.get_shape()) for one in slices], facts.get("esm_embedding_dim"))
            kinds = sorted({str(one.get_dtype()) for one in slices} - set(_FLOATS))
            if kinds:
                raise _broken(folder, f"its numbers are stored as {kinds[0]}; {', '.join(_FLOATS)} are read")
            weight, bias = (np.asarray(opened.get_tensor(name), dtype=np.float64) for name in names)
    except (OSError, SafetensorError) as problem:
        first = str(problem).splitlines()[0][:120] if str(problem) else type(problem).__name__
        raise _broken(folder, f"its {WEIGHTS} is truncated or no safetensors file ({first})") from problem
    bad = int((~np.isfinite(weight)).sum() + (~np.isfinite(bias)).sum())
    if bad:
        raise _broken(folder, f"{bad:,} of its {weight.size + bias.size:,} numbers are NaN or infinite")
    largest = max(float(np.abs(weight).max()), float(np.abs(bias).max()))
    if largest > _LARGEST:
        raise _broken(
            folder, f"it holds {largest:.3g}, and no map of embeddings holds more than {_LARGEST:g}"
        )
    return layout, weight, bias


def _layout(folder: Path, names: set[str]) -> Layout:
    for layout, expected in _TENSORS.items():
        if names == set(expected):
            return layout
    shown = ", ".join(sorted(names)[:4]) or "nothing"
    raise _broken(
        folder, f"it holds {_shown(shown)} rather than model.weight and model.bias (or sequential.0.*)"
    )


def _check_shapes(folder: Path, shapes: list[list[int]], said: object) -> None:
    weight, bias = shapes
    if len(weight) != 2 or weight[0] != weight[1] or bias != weight[:1]:
        raise _broken(
            folder, f"a weight of shape {weight} with a bias of shape {bias} is no map of one space"
        )
    if said is not None and said != weight[0]:
        raise _broken(folder, f"its map is {weight[0]} wide where its {CONFIG} says {_shown(said)}")
    if not 1 <= weight[0] <= _WIDEST:
        raise _broken(folder, f"its map is {weight[0]} wide; 1 to {_WIDEST} is what an encoder gives")


def _at_its_rank(weight: NDArray[np.float64], bias: NDArray[np.float64]) -> ESM:
    """Factor a map, without the directions in which one stored as float32 differs from the identity by rounding alone.

    A low-rank map that went out in full comes back as small as it was.
    """
    identity = np.eye(bias.size)
    u, v = balanced((weight - identity).T, identity)
    strengths = (u**2).sum(axis=0)  # the singular values
    kept = strengths > 4 * np.finfo(np.float32).eps * max(1.0, float(strengths.max()))
    kept[:1] = True
    return ESM(u[:, kept], v[:, kept], bias, int(kept.sum()), *(float("nan"),) * 4)


def _facts_of(config: ExchangeConfig, dim: int) -> dict[str, Any]:
    columns = config.text_columns
    facts = {
        "base_model_name": config.base_model,
        "task_id": config.task_id,
        "task_subset": config.task_subset,
        "task_split": config.task_split,
        "text_column": columns[0] if len(columns) == 1 else list(columns) or None,
        "label_column": config.label_column,
        "num_examples": config.num_examples,
        "esm_architecture": "linear",
        "esm_embedding_dim": dim,
        "version": WRITTEN_VERSION,
        "pooling": config.pooling,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _card(config: ExchangeConfig) -> str:
    # JSON is YAML as well, so that no name can break out of its line.
    front = {
        "base_model": config.base_model,
        "tags": ["embedding_space_map", f"BaseLM:{config.base_model}"],
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in front.items()]
    about = "An Embedding Space Map, written by Springboard in the exchange format of hf-dataset-selector."
    return "\n".join(["---", *lines, "---", "", about, ""])


def _text(value: object) -> str | None:
    """A non-empty text, cut where it is absurdly long; what is no text is nothing."""
    return value.strip()[:_MOST_CHARACTERS] if isinstance(value, str) and value.strip() else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _broken(folder: Path, what: str) -> ArtefactError:
    return ArtefactError(
        f"the ESM in '{folder}' cannot be used: {what}",
        consequence="it was left out; nothing of it was stored",
        next_step="get it again from where it came, or leave it out",
    )
