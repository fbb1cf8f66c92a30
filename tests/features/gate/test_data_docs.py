from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from features.gate import GateSettings, run_gate
from models.tasks import Task

EVIL = "<script>alert(1)</script>"
HOSTILE = [
    EVIL,
    '"><img src=x onerror=alert(1)>',
    "</style></table><iframe src=javascript:alert(1)>",
    "[/red] ${jndi} {{ 7*7 }} {% raw %} $name",
    "../../etc/passwd",
    "\u202egnp.exe",
    "x" * 300,
]


class Audit(HTMLParser):
    """Collects what a page must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag in ("script", "iframe", "img", "link", "object", "form", "base"):
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (value or "").lower().strip().startswith(("javascript:", "http")):
                self.bad.append(f"{tag} {name}={value}")


def rows(texts) -> pl.DataFrame:
    n = len(texts)
    return pl.DataFrame(
        {
            "split": ["train"] * n,
            "position": range(n),
            "text_a": texts,
            "text_b": pl.Series([None] * n, dtype=pl.String),
            "label": [EVIL if i % 2 else "b" for i in range(n)],
        }
    )


def check(docs: Path, name="plain", keep=5, n=40):
    texts = [f"{HOSTILE[i % 3]} sentence {i}" for i in range(n)] + [*HOSTILE, *HOSTILE, f"{EVIL}\ufffd"]
    settings = GateSettings(keep_pages=keep)
    return run_gate(rows(texts), Task.CLASSIFICATION, role="source", name=name, settings=settings, docs=docs)


@pytest.mark.parametrize("name", [EVIL, " ".join(HOSTILE[1:5]), HOSTILE[-1]])
def test_hostile_names_and_texts_stay_text(tmp_path, name) -> None:
    report = check(tmp_path, name)
    pages = list(tmp_path.rglob("*.html"))
    assert report.docs_page in pages
    assert {page.parent.parent for page in pages if page.name != "index.html"} == {tmp_path / "data_docs"}
    for page in pages:
        audit = Audit()
        audit.feed(page.read_text())
        assert audit.bad == []
    assert "&lt;script&gt;alert(1)" in report.docs_page.read_text()


def test_the_page_shows_each_rule_as_great_expectations_saw_it(tmp_path) -> None:
    page = check(tmp_path).docs_page.read_text()
    assert "encoding_debris (stop): refused when" in page
    assert "Evaluated Expectations" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_only_the_newest_pages_stay_and_the_index_leads_to_the_newest(tmp_path) -> None:
    made = [check(tmp_path, keep=2).docs_page for _ in range(4)]
    check(tmp_path, "another")
    assert [page.exists() for page in made] == [False, False, True, True]
    index = (tmp_path / "data_docs" / "index.html").read_text()
    assert f"{made[-1].parent.name}/{made[-1].name}" in index
    assert index.count("<bdi>") == 2
    assert not list(tmp_path.rglob("*.tmp"))


def test_names_that_slug_alike_keep_their_own_pages(tmp_path) -> None:
    assert check(tmp_path, "a/b").docs_page.parent != check(tmp_path, "a b").docs_page.parent


def test_a_broken_entry_does_not_cost_the_index(tmp_path) -> None:
    check(tmp_path, "one")
    next(tmp_path.rglob("latest.json")).write_text("{ half")
    check(tmp_path, "two")
    assert "two" in (tmp_path / "data_docs" / "index.html").read_text()


def test_two_processes_may_write_at_once(tmp_path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[3]); from pathlib import Path;"
        "from test_data_docs import check;"
        "[check(Path(sys.argv[1]), f'{sys.argv[2]}-{i}') for i in range(2)]"
    )
    root = Path(__file__).parents[3]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), who, str(Path(__file__).parent)],
            cwd=root,
            env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        )
        for who in ("left", "right")
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    index = (tmp_path / "data_docs" / "index.html").read_text()
    assert all(f"{who}-{i}" in index for who in ("left", "right") for i in range(2))


def test_importing_the_gate_is_cheap() -> None:
    code = (
        "import sys, features.gate, features.overlap; heavy = {'pandas', 'great_expectations', 'datasketch'}"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit(bool(heavy & set(sys.modules)))"],
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0
