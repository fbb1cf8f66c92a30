from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from features.rankings.view import view_of
from features.reports import to_markdown
from features.reports.markdown import escaped
from features.wording import plain

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1))",
    "![x](http://example.com/x.png)",
    "`code` **bold** _em_ ~~gone~~",
    "a | b || c",
    "# heading",
    "- item",
    "1. item",
    "+ item",
    "<http://example.com>",
    "&lt;b&gt; &#60;",
    "back\\slash\\",
    "$x^2$ @everyone",
    "two\nlines\n\n# three",
]


def shown(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(name: str, make_ranking: Any) -> None:
    view = view_of(
        make_ranking([name, "b"], target=name, excluded=[{"source": name, "reason": name}]), now=NOW
    )
    rendered = RENDER.render(to_markdown(view))
    tags = set(re.findall(r"<(\w+)", rendered))
    assert tags <= {"h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    cells = [shown(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rendered)]
    assert cells[1] == " ".join(plain(name).split())
    assert len(cells) == 2 * 6


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    text = plain(text)
    rendered = RENDER.render(f"x {escaped(text)} x")
    assert shown(rendered) == " ".join(f"x {text} x".split())


def test_the_whole_ranking_is_in_it(make_ranking: Any) -> None:
    view = view_of(make_ranking(["a", "b", "c", "d"], warnings=["few rows"]), top=2, now=NOW)
    text = to_markdown(view)
    assert view.summary in text
    assert "| 1 | a | 0.9000 | ± 0.0100 | 1 | ▲ 1 |" in text
    assert "2 more sources not shown" in text
    assert "few rows" in text


def test_a_bare_link_in_a_name_stays_text() -> None:
    linkify = MarkdownIt("gfm-like", {"linkify": False}).render(
        escaped("see https://example.com www.example.com")
    )
    assert "<a" not in linkify
    assert escaped("https://x.org") == r"https\://x.org"
    assert escaped("www.x.org") == r"www\.x.org"
