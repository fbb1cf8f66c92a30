from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile_site import HOSTILE, NOW, write_hostile_site

from features.reports import Contents, write_report
from features.reports.slugs import slug_of, source_slug
from models.errors import ArtefactError

SCRIPT = re.compile(r"(\.\./)?site\.js\?v=[0-9a-f]{12}")
VOID = {"meta", "link", "br", "line", "circle", "path", "rect", "input"}


class Page(HTMLParser):
    """A page as a reader's software sees it; fails on tags that are not closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def pages_of(out: Path) -> dict[str, Page]:
    return {str(path.relative_to(out)): Page(path) for path in sorted(out.rglob("*.html"))}


@pytest.fixture
def site(tmp_path: Path, make_ranking: Any) -> Path:
    out = tmp_path / "site"
    docs = tmp_path / "data docs"
    docs.mkdir()
    (docs / "index.html").write_text("<p>docs</p>")
    write_hostile_site(out, make_ranking, docs)
    return out


def test_no_name_becomes_markup_script_or_style(site: Path) -> None:
    pages = pages_of(site)
    shown = {source_slug(name) for name in [*HOSTILE, "plain"]}
    assert len(pages) == len(HOSTILE) + len(shown) + 5
    for page in pages.values():
        assert [attrs["src"] for attrs in page.all("script")] == [SCRIPT.search(str(page.all("script")))[0]]
        assert not {tag for tag, _ in page.elements} & {
            "style",
            "img",
            "iframe",
            "object",
            "form",
            "base",
        }
        names = {name for _, attrs in page.elements for name in attrs}
        assert not {name for name in names if name.startswith("on")}
        assert "style" not in names
    assert "<script>alert(1)</script>" in pages["index.html"].text
    assert "{{ 7*7 }}" in pages["index.html"].text


def test_no_character_of_a_name_steers_the_page(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert not set(path.read_text(encoding="utf-8")) & set("\x00\x1b\u202e\u2066\ud800")


def test_nothing_is_fetched_and_nothing_may_run(site: Path) -> None:
    for page in pages_of(site).values():
        policy = next(
            m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy is not None
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
        )
        assert "unsafe" not in policy
        for attrs in page.all("link"):
            assert re.fullmatch(
                r"(\.\./)?style\.css\?v=[0-9a-f]{12}|data:image/svg\+xml,.*", attrs["href"] or ""
            )
    assert "url(" not in (site / "style.css").read_text()
    assert "@import" not in (site / "style.css").read_text()


def test_every_link_leads_to_a_file_or_a_place_in_the_page(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = Page(path)
        ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        for attrs in page.all("a"):
            target, _, place = unquote(attrs["href"] or "").partition("#")
            assert (path.parent / target).is_file() if target else place in ids, attrs
            if target and place:
                assert f'id="{place}"' in (path.parent / target).read_text()


def test_pages_can_be_heard_and_used_with_a_keyboard(site: Path) -> None:
    for page in pages_of(site).values():
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == len(page.all("main")) == 1
        first_link = page.all("a")[0]
        assert (first_link["class"], first_link["href"]) == ("skip", "#main")
        assert len(page.all("caption")) == len(page.all("table"))
        assert all(attrs.get("scope") for attrs in page.all("th"))
        assert page.text.count("Skip to the content") == 1
        assert all(attrs.get("aria-label") for attrs in page.all("nav"))
        ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
        labels = {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs}
        assert labels <= ids


def test_file_names_are_slugs_and_json_stands_beside_each_page(site: Path) -> None:
    pages = list((site / "targets").glob("*.html"))
    assert len(pages) == len(HOSTILE)
    for page in pages:
        assert re.fullmatch(r"[a-z0-9-]{1,53}\.html", page.name)
        body = json.loads(page.with_suffix(".json").read_text())
        assert body["format"] == 2
        assert page.stem == slug_of(body["target"])
    index = json.loads((site / "index.json").read_text())
    assert len(index["targets"]) == len(HOSTILE) + 1
    assert all((site / entry["page"]).is_file() for entry in index["targets"] if entry["has_page"])
    for page in site.rglob("*.html"):
        assert page.with_suffix(".json").is_file()
        assert pl.read_parquet(page.with_suffix(".parquet")).width > 1


@given(st.lists(st.text(), min_size=2, unique=True))
def test_different_names_have_different_slugs(names: list[str]) -> None:
    slugs = {slug_of(name) for name in names}
    assert len(slugs) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{14,53}", slug) for slug in slugs)


def test_a_status_we_do_not_know_is_shown_but_styles_nothing(tmp_path: Path) -> None:
    sources = [{"name": "a", "status": 'x" class="y'}, {"name": "b", "status": "pending"}]
    write_report(tmp_path, Contents(sources=sources))
    page = Page(tmp_path / "sources.html")
    classes = [a["class"] for a in page.all("span") if (a.get("class") or "").startswith("status ")]
    assert classes == ["status status-other", "status status-pending"]


def test_empty_workspace_says_what_to_type(tmp_path: Path) -> None:
    write_report(tmp_path / "new" / "site", Contents(), now=NOW)
    texts = {name: page.text for name, page in pages_of(tmp_path / "new" / "site").items()}
    assert sorted(texts) == ["history.html", "index.html", "map.html", "quarantine.html", "sources.html"]
    assert "springboard target add REF" in texts["index.html"]
    assert all("springboard source add REF" in texts[f"{name}.html"] for name in ("index", "sources", "map"))
    assert "Nothing is in quarantine" in texts["quarantine.html"]
    assert not any("Data Docs" in text for text in texts.values())


def test_one_page_per_target_holds_the_newest_ranking_of_each_encoder_and_scorer(
    tmp_path: Path, make_ranking: Any
) -> None:
    old = make_ranking(["a"], ranking_id="old", created_at="2026-11-01T00:00:00Z")
    new = make_ranking(["b"], ranking_id="new", created_at="2026-11-20T00:00:00Z")
    other = make_ranking(["c"], ranking_id="other", scorer="h-score", created_at="2026-11-10T00:00:00Z")
    write_report(tmp_path, Contents([new, old, other]), now=NOW)
    (path,) = (tmp_path / "targets").glob("*.html")
    text = Page(path).text
    assert "old" not in re.findall(r"\w+", text)
    assert text.index("new") < text.index("other")


def test_pages_of_targets_that_are_gone_go_and_other_files_stay(tmp_path: Path, make_ranking: Any) -> None:
    both = [make_ranking(["a", "b"], target="one"), make_ranking(["a"], target="two")]
    write_report(tmp_path, Contents(both), now=NOW)
    mine = tmp_path / "targets" / "notes.html"
    mine.write_text("mine")
    assert write_report(tmp_path, Contents(both[1:]), now=NOW).removed == 6
    kept = [f"{slug_of('two')}.{ending}" for ending in ("html", "json", "parquet")]
    assert sorted(path.name for path in (tmp_path / "targets").iterdir()) == ["notes.html", *kept]
    assert {path.stem for path in (tmp_path / "sources").iterdir()} == {slug_of("a")}
    assert [path.name for path in tmp_path.glob(".*")] == [".pages.json"]


def test_a_ranking_that_cannot_be_shown_leaves_the_site_as_it_was(tmp_path: Path, make_ranking: Any) -> None:
    write_report(tmp_path, Contents([make_ranking(["a"])]), now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ArtefactError):
        write_report(tmp_path, Contents([make_ranking(["b"]), {"target": "broken"}]), now=NOW)
    wrong = make_ranking(["b"], ranking_id="r2")
    wrong["ranking"][0]["score"] = float("nan")
    with pytest.raises(ArtefactError):
        write_report(tmp_path, Contents([wrong]), now=NOW)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_same_input_same_bytes(tmp_path: Path, make_ranking: Any) -> None:
    for name in ("a", "b"):
        contents = Contents([make_ranking(["x", "y"])], sources=[{"name": "x"}])
        write_report(tmp_path / name, contents, now=NOW)
    for path in (tmp_path / "a").rglob("[!.]*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_long_tail_folds_away_and_is_all_there(tmp_path: Path, make_ranking: Any) -> None:
    write_report(tmp_path, Contents([make_ranking([f"source{i}" for i in range(200)])]), now=NOW)
    (path,) = (tmp_path / "targets").glob("*.html")
    page = Page(path)
    assert len([a for a in page.all("svg") if a.get("class") == "whisker"]) == 50
    assert all(f"source{i}" in page.text for i in range(200))
    assert "150 more, ordered by score only" in page.text
    drawn = [float((a["cx"] or "").rstrip("%")) for a in page.all("circle") if a["class"] != "logo-dot"]
    assert max(drawn) - min(drawn) > 80


def test_numbers_that_json_has_not_become_null(tmp_path: Path) -> None:
    write_report(tmp_path, Contents(sources=[{"name": "a", "rows": float("nan")}]), now=NOW)
    assert json.loads((tmp_path / "sources.json").read_text())["sources"] == [{"name": "a", "rows": None}]


def test_quarantine_says_what_was_refused_and_sources_name_their_twin(tmp_path: Path) -> None:
    refused = [
        {"name": "a", "role": "source", "what": "rows", "rule": "not_empty (3)", "reason": "", "rows": 3},
        {"name": "b", "role": "target", "what": "dataset", "reason": "one class"},
        {"name": "c", "what": "rows", "reason": "broken file"},
    ]
    sources = [{"name": "d", "status": "pending", "reason": "no memory", "same_rows_as": "a"}]
    write_report(tmp_path, Contents(sources=sources, quarantine=refused), now=NOW)
    words = " ".join(" ".join(page.text for page in pages_of(tmp_path).values()).split())
    assert "a source rows 3 not_empty (3) \N{EN DASH}" in words
    assert "b target dataset" in words
    assert "pending no memory; the same rows as a" in words


def test_targets_that_wait_are_named_with_their_reason(tmp_path: Path) -> None:
    stale = {
        "name": "t",
        "status": "stale",
        "reason": "source 's1' is new",
        "stale_since": "2026-11-22T10:00:00",
    }
    page = Page(write_report(tmp_path, Contents(targets=[stale]), now=NOW).page)
    assert "source 's1' is new, since 2026-11-22 10:00 UTC" in page.text
    assert "1 target, 1 of them stale" in page.text
    assert "not ranked yet" in page.text
