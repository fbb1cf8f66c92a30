"""Hub datasets through the real library, against a hub on the loopback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import fake_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[3]
_FEATURES = {
    "info": {
        "features": {
            "text": {"dtype": "string", "_type": "Value"},
            "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
        }
    }
}
_SCRIPT = textwrap.dedent(
    """
    import json, sys
    from features.reading import ReadOptions, read_dataset
    from models.errors import SpringboardError
    for line in sys.stdin:
        ref, options = json.loads(line)
        try:
            read = read_dataset(ref, ReadOptions(**options))
            answer = {"origin": read.origin, "task": read.task, "rows": read.rows.rows()}
        except SpringboardError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print("ANSWER " + json.dumps(answer), flush=True)
    """
)


def _parquet(labels: list[int]) -> bytes:
    table = pa.table({"text": [f"text number {n}" for n in range(len(labels))], "label": labels})
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(_FEATURES)}), buffer)
    return buffer.getvalue()


REPOS: dict[str, fake_hub.Files] = {
    "org/sentiment": {
        "README.md": b"---\nlicense: cc-by-4.0\n---\n",
        "data/train-00000-of-00001.parquet": _parquet([0, 1] * 15),
        "data/test-00000-of-00001.parquet": _parquet([-1] * 3),
    },
    "org/script": {"README.md": b"", "script.py": b"raise SystemExit('this must never run')"},
    "org/two": {
        "README.md": b"---\nconfigs:\n- config_name: en\n  data_files: en.csv\n"
        b"- config_name: de\n  data_files: de.csv\n---\n",
        "en.csv": b"text,label\n" + b"".join(b"some words %d,%d\n" % (n, n % 2) for n in range(20)),
        "de.csv": b"text,label\nein Wort,1\n",
    },
    "org/broken": {"README.md": b"---\nlicense: mit\n---\n", "train.parquet": b"PAR1 nothing PAR1"},
    "org/gated": {"train.csv": b"text,label\na b,1\n"},
}


def _ask(questions: list[tuple[str, dict[str, object]]], home: Path, **env: str) -> list[dict[str, object]]:
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={
            **os.environ,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            **env,
        },
        check=False,
    )
    answers = [json.loads(line[7:]) for line in ran.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(answers) == len(questions), ran.stderr[-2000:]
    return answers


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """All questions in two processes: one that reaches the hub, one told to stay offline with the same cache."""
    home = tmp_path_factory.mktemp("hub")
    online: dict[str, tuple[str, dict[str, object]]] = {
        "plain": ("org/sentiment", {}),
        "address": ("https://huggingface.co/datasets/org/sentiment", {"revision": fake_hub.COMMIT}),
        "streamed": ("org/sentiment", {"streaming": True}),
        "capped": ("org/sentiment", {"streaming": True, "max_rows": 5}),
        "revision": ("org/sentiment", {"revision": "nope"}),
        "script": ("org/script", {}),
        "subsets": ("org/two", {}),
        "subset": ("org/two", {"subset": "en"}),
        "no subset": ("org/two", {"subset": "fr"}),
        "absent": ("org/absent", {}),
        "builtin": ("csv", {}),
        "broken": ("org/broken", {}),
        "gated": ("org/gated", {}),
    }
    offline: dict[str, tuple[str, dict[str, object]]] = {
        "cached": ("org/sentiment", {}),
        "offline": ("org/absent", {}),
        "offline builtin": ("csv", {}),
    }
    server, address = fake_hub.start(REPOS, {"org/gated"})
    try:
        told = _ask(list(online.values()), home, HF_ENDPOINT=address)
    finally:
        server.shutdown()
    untold = _ask(list(offline.values()), home, HF_ENDPOINT=address, HF_HUB_OFFLINE="1")
    unreachable = _ask([("org/absent", {})], home / "other", HF_ENDPOINT="http://127.0.0.1:9")
    return dict(zip([*online, *offline, "unreachable"], [*told, *untold, *unreachable], strict=True))


def test_class_names_splits_and_hidden_labels(answers: dict[str, dict[str, object]]) -> None:
    rows = answers["plain"]["rows"]
    assert isinstance(rows, list)
    assert rows[:2] == [
        ["train", 0, "text number 0", None, "neg"],
        ["train", 1, "text number 1", None, "pos"],
    ]
    assert rows[-1] == ["test", 2, "text number 2", None, None]
    origin = answers["plain"]["origin"]
    assert isinstance(origin, dict)
    assert origin["revision"] == fake_hub.COMMIT
    assert origin["licence"] == "cc-by-4.0"
    assert origin["rows"] == {"train": 30, "test": 3}
    assert origin["missing_labels"] == {"-1": 3}
    assert origin["files"][0]["path"] == "data/train-00000-of-00001.parquet"
    assert answers["address"]["rows"] == rows


def test_streaming_reads_the_same_rows_and_a_cap_says_so(answers: dict[str, dict[str, object]]) -> None:
    assert answers["streamed"]["rows"] == answers["plain"]["rows"]
    capped = answers["capped"]
    assert capped["origin"]["rows"] == {"train": 5, "test": 3}  # type: ignore[index]
    assert "at most 5 rows a split" in capped["origin"]["notes"][0]  # type: ignore[index]


def test_a_subset_can_be_named(answers: dict[str, dict[str, object]]) -> None:
    assert answers["subset"]["origin"]["subset"] == "en"  # type: ignore[index]
    assert len(answers["subset"]["rows"]) == 20  # type: ignore[arg-type]


def test_the_cache_is_enough_when_offline(answers: dict[str, dict[str, object]]) -> None:
    assert answers["cached"].get("rows") == answers["plain"]["rows"], answers["cached"]
    assert answers["cached"]["origin"]["revision"] == fake_hub.COMMIT  # type: ignore[index]


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        ("revision", "UnknownReferenceError", "no revision 'nope'"),
        ("script", "UnreadableError", "code of others is never run"),
        (
            "subsets",
            "UnknownReferenceError",
            "there are 'en', 'de'. Nothing was read. Next: name one with `--subset`",
        ),
        ("no subset", "UnknownReferenceError", "no subset 'fr'"),
        ("absent", "UnknownReferenceError", "no public dataset of that id"),
        ("builtin", "UnknownReferenceError", "no public dataset of that id"),
        ("broken", "UnreadableError", "cannot be read"),
        ("gated", "UnreadableError", "has to be granted"),
        ("offline", "OfflineError", "HF_HUB_OFFLINE"),
        ("offline builtin", "OfflineError", "HF_HUB_OFFLINE"),
        ("unreachable", "OfflineError", "the hub cannot be reached"),
    ],
)
def test_what_cannot_be_read_says_why(
    answers: dict[str, dict[str, object]], question: str, error: str, says: str
) -> None:
    assert answers[question].get("error") == error, answers[question]
    assert says in str(answers[question]["message"])
