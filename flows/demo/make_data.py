"""Writes the demo's data: seeded samples of openly licensed datasets.

It was run once, and what it wrote is in ``flows/demo/data``; it stays so that all can see what was changed.
``SPRINGBOARD_DATASETS`` names a folder with ``<slug>/train.parquet`` and a ``catalog.csv``::

    SPRINGBOARD_DATASETS=../datasets python -m flows.demo.make_data
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

__all__ = ["SAMPLES", "Sample", "make_data"]

_SEED = 20_261_122
_LONGEST = 180
# Encoding debris, and words that nobody wants on the screen when the demo is shown.
_LEFT_OUT = r"(?i)\x{FFFD}|\b(fuck|shit|bitch|cunt|whore|slut|nigg|fag|rape|porn|dick|pussy|sexx?y?\b)"
_HERE = Path(__file__).parent / "data"
_OPEN_LICENCES = ("CC BY ", "CC BY-SA ", "MIT", "Apache-2.0")


@dataclass(frozen=True)
class Sample:
    """One dataset to sample.

    Parameters
    ----------
    slug
        Its folder.
    file
        The file to write; the suffix says how.
    rows
        How many rows to keep.
    work
        The work that its authors ask to cite.
    classes
        Keep only so many classes, chosen by the seed; None keeps all.
    """

    slug: str
    file: str
    rows: int
    work: str
    classes: int | None = None


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "emobank_valence",
        "emobank_valence.csv",
        300,
        "Sven Buechel and Udo Hahn. EmoBank: Studying the Impact of Annotation Perspective and "
        "Representation Format on Dimensional Emotion Analysis. EACL 2017.",
    ),
    Sample(
        "vader_nyt",
        "vader_nyt.tsv",
        300,
        "C.J. Hutto and Eric Gilbert. VADER: A Parsimonious Rule-based Model for Sentiment Analysis of "
        "Social Media Text. ICWSM 2014.",
    ),
    Sample(
        "clinc150",
        "clinc150.jsonl",
        300,
        "Stefan Larson et al. An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction. "
        "EMNLP-IJCNLP 2019.",
        classes=12,
    ),
    Sample(
        "clickbait",
        "clickbait.parquet",
        300,
        "Abhijnan Chakraborty et al. Stop Clickbait: Detecting and Preventing Clickbaits in Online News "
        "Media. ASONAM 2016.",
    ),
    Sample(
        "crisislex_informativeness",
        "crisislex_informativeness.csv",
        300,
        "Alexandra Olteanu, Sarah Vieweg and Carlos Castillo. What to Expect When the Unexpected Happens: "
        "Social Media Communications Across Crises. CSCW 2015.",
    ),
    Sample(
        "cad_nli",
        "cad_nli.parquet",
        300,
        "Divyansh Kaushik, Eduard Hovy and Zachary C. Lipton. Learning the Difference that Makes a "
        "Difference with Counterfactually-Augmented Data. ICLR 2020.",
    ),
    Sample(
        "comve_validation",
        "comve_validation.parquet",
        300,
        "Cunxiang Wang et al. SemEval-2020 Task 4: Commonsense Validation and Explanation. SemEval 2020.",
    ),
    Sample(
        "vader_tweets",
        "vader_tweets.parquet",
        200,
        "C.J. Hutto and Eric Gilbert. VADER: A Parsimonious Rule-based Model for Sentiment Analysis of "
        "Social Media Text. ICWSM 2014.",
    ),
    Sample(
        "banking77",
        "banking77.parquet",
        200,
        "Iñigo Casanueva et al. Efficient Intent Detection with Dual Sentence Encoders. NLP4ConvAI 2020.",
        classes=8,
    ),
    Sample(
        "vader_amazon",
        "vader_amazon.parquet",
        300,
        "C.J. Hutto and Eric Gilbert. VADER: A Parsimonious Rule-based Model for Sentiment Analysis of "
        "Social Media Text. ICWSM 2014.",
    ),
    Sample(
        "med_monotonicity",
        "med_monotonicity.parquet",
        300,
        "Hitomi Yanaka et al. Can Neural Networks Understand Monotonicity Reasoning? BlackboxNLP 2019.",
    ),
)
"""Everything the demo holds."""


def make_data(datasets: Path, out: Path = _HERE) -> None:
    """Write every sample and its attribution to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    catalog = pl.read_csv(datasets / "catalog.csv", infer_schema_length=None)
    about = {str(row["slug"]): row for row in catalog.iter_rows(named=True)}
    rows = []
    for sample in SAMPLES:
        entry = about[sample.slug]
        if entry["licence_tier"] != "A" or not f"{entry['licence']} ".startswith(_OPEN_LICENCES):
            raise ValueError(f"{sample.slug} may not be copied: its licence is {entry['licence']}")
        frame = _sampled(pl.read_parquet(datasets / sample.slug / "train.parquet"), sample)
        _write(frame, out / sample.file)
        rows.append(_attribution(sample, entry, frame.height))
    with (out / "ATTRIBUTION.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _lot(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, (_SEED, *parts))).encode()).hexdigest()


def _sampled(frame: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Keep short, clean, distinct texts: as many from each class, or from each fifth of the numbers."""
    texts = [name for name in frame.columns if name.startswith("text")]
    whole = [pl.col(name).str.strip_chars().str.len_chars().is_between(8, _LONGEST) for name in texts]
    clean = [~pl.col(name).str.contains(_LEFT_OUT) for name in texts]
    frame = frame.drop_nulls().filter(*whole, *clean).unique(texts, keep="none", maintain_order=True)
    lots = [_lot(sample.slug, *row) for row in frame.select(texts).iter_rows()]
    frame = frame.with_columns(pl.Series("lot", lots)).sort("lot")
    if sample.classes is not None:
        kept = sorted(frame["label"].unique(), key=lambda label: _lot(sample.slug, label))[: sample.classes]
        frame = frame.filter(pl.col("label").is_in(kept))
    fifth = pl.col("label").rank("ordinal") * 5 // (pl.len() + 1)
    group = fifth if frame["label"].dtype.is_float() else pl.col("label")
    turn = pl.int_range(pl.len()).over("stratum")
    chosen = frame.with_columns(stratum=group.cast(pl.String)).with_columns(turn=turn).sort("turn", "lot")
    return chosen.head(sample.rows).sort("lot").select(*texts, "label")


def _write(frame: pl.DataFrame, path: Path) -> None:
    """Write parquet, or one of the messier shapes that the dataset's own publisher chose."""
    if path.suffix == ".parquet":
        frame.write_parquet(path, compression="zstd", statistics=False)
    elif path.suffix == ".jsonl":
        lines = (
            json.dumps({"id": n, "utterance": text, "annotation": {"intent": label}})
            for n, (text, label) in enumerate(frame.iter_rows())
        )
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    elif path.suffix == ".tsv":
        # No header, and quotes that quote nothing.
        lines = (
            f"{n}_1\t{label}\t{' '.join(text.split())}" for n, (text, label) in enumerate(frame.iter_rows())
        )
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    elif path.name.startswith("emobank"):
        _write_csv(frame.select("label", "text"), path, ("id", "V", "text"), ";", "\n", "utf-8-sig")
    else:
        _write_csv(
            frame.select("text", "label"),
            path,
            ("Tweet ID", " Tweet Text", " Informativeness"),
            ",",
            "\r\n",
            "utf-8",
        )


def _write_csv(
    frame: pl.DataFrame, path: Path, names: tuple[str, ...], delimiter: str, end: str, encoding: str
) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerow(names)
        writer.writerows([f"t{n:04}", *row] for n, row in enumerate(frame.iter_rows()))


def _attribution(sample: Sample, entry: dict[str, object], height: int) -> dict[str, object]:
    only = f"{sample.classes} of the classes; " if sample.classes is not None else ""
    shape = "" if sample.file.endswith(".parquet") else f"; written as {sample.file.rsplit('.', 1)[-1]}"
    return {
        "file": sample.file,
        "title": entry["title"],
        "citation": sample.work,
        "source": f"https://{entry['source_repo']}",
        "source_path": entry["source_path"],
        "commit": entry["commit"],
        "licence": entry["licence"],
        "changes": f"a seeded sample of {height} training rows of at most {_LONGEST} characters; {only}"
        f"columns renamed or numbered anew; repeated, broken and coarse texts left out{shape}",
    }


if __name__ == "__main__":
    make_data(Path(os.environ["SPRINGBOARD_DATASETS"]))
