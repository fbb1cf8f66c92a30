"""What the inbox is fed with: the demo's real files, some of them twice and some of them broken."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Literal

import polars as pl
import yaml

from features.reading import ReadOptions
from flows.demo.datasets import DEMO_EXTRA, DEMO_SOURCES, DEMO_TARGETS, DemoDataset, demo_path

__all__ = ["Fed", "long_feed", "short_feed"]

Fate = Literal["ranked", "same", "refused"]


@dataclass(frozen=True)
class Fed:
    """A file for the inbox.

    Attributes
    ----------
    folder
        ``sources`` or ``targets``.
    name
        Of the file.
    content
        Its bytes.
    fate
        What must become of it: ``ranked`` once (a target: gets a ranking), ``same`` rows as one before it and
        so nothing new, or ``refused`` with a reason.
    sidecar
        What is put beside it first; empty where nothing has to be said.
    """

    folder: str
    name: str
    content: bytes
    fate: Fate
    sidecar: str = ""


def long_feed() -> list[Fed]:
    """Twenty-one files: 2 targets, 9 sources and one with a target's rows, 3 that come again, 6 broken ones."""
    targets = [_file("targets", one) for one in DEMO_TARGETS]
    sources = [_file("sources", one) for one in (*DEMO_SOURCES, *DEMO_EXTRA)]
    leak = _file("sources", DEMO_TARGETS[0], "leaked-tweets.parquet")
    twice = [
        _again(sources[0], "copied.csv"),
        _again(sources[3], "copied.parquet"),
        _as_csv(DEMO_SOURCES[5], "other-format.csv"),
    ]
    broken = _broken()
    mixed = [targets[0], *sources[:2], broken[0], sources[2], twice[0], targets[1], sources[3], broken[1]]
    mixed += [twice[1], sources[4], leak, broken[2], sources[5], broken[3], twice[2], sources[6], broken[4]]
    return [*mixed, sources[7], broken[5], sources[8]]


def short_feed() -> list[Fed]:
    """Six files: a target, 2 sources, one that comes twice, 2 broken ones."""
    broken = _broken()
    target, first = _file("targets", DEMO_TARGETS[0]), _file("sources", DEMO_SOURCES[0])
    return [
        target,
        first,
        broken[0],
        _again(first, "copied.csv"),
        broken[1],
        _file("sources", DEMO_SOURCES[3]),
    ]


def _file(folder: str, dataset: DemoDataset, name: str | None = None) -> Fed:
    path = demo_path(dataset)
    name = name or f"{dataset.name}{path.suffix}"
    return Fed(folder, name, path.read_bytes(), "ranked", _sidecar(dataset.options))


def _sidecar(options: ReadOptions) -> str:
    said: dict[str, object] = {}
    if options.text:
        said["text"] = list(options.text)
    if options.label:
        said["label"] = options.label
    return yaml.safe_dump(said) if said else ""


def _again(fed: Fed, name: str) -> Fed:
    return Fed(fed.folder, name, fed.content, "same", fed.sidecar)


def _as_csv(dataset: DemoDataset, name: str) -> Fed:
    content = pl.read_parquet(demo_path(dataset)).write_csv().encode("utf-8")
    return Fed("sources", name, content, "same", _sidecar(dataset.options))


def _broken() -> list[Fed]:
    """Each a real file with one thing wrong."""
    rows = list(csv.DictReader(io.StringIO(demo_path(DEMO_SOURCES[0]).read_text(encoding="utf-8-sig"))))
    texts = [max(row.values(), key=len) for row in rows]
    whole = demo_path(DEMO_SOURCES[3]).read_bytes()
    return [
        Fed("sources", "cut-off.parquet", whole[: len(whole) // 2], "refused"),
        Fed("sources", "three-rows.csv", _table(texts[:3], ["a", "b", "a"]), "refused"),
        Fed("sources", "one-class.csv", _table(texts, ["the same"] * len(texts)), "refused"),
        Fed("sources", "no-label.csv", _table(texts), "refused"),
        Fed("sources", "no-label-anywhere.csv", _table(texts, [""] * len(texts)), "refused"),
        Fed("sources", "in-truth-a-csv.parquet", _table(texts, ["a", "b"] * (len(texts) // 2)), "refused"),
    ]


def _table(texts: list[str], labels: list[str] | None = None) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text"] if labels is None else ["text", "label"])
    writer.writerows(zip(texts, labels, strict=True) if labels is not None else ([text] for text in texts))
    return out.getvalue().encode("utf-8")
