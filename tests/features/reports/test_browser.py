"""The pages in a real browser. Without one these say that they did not run; CI brings one (.ci/run)."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.hostile_site import HOSTILE, write_hostile_site, write_team_site

from features.reports.slugs import slug_of

BROWSER = os.environ.get("SPRINGBOARD_BROWSER") or shutil.which("chromium")
LACKING = "the pages were not opened in a browser: apt-get install chromium, pip install -e '.[browser]'"
playwright = pytest.importorskip("playwright.sync_api", reason=LACKING)
pytestmark = [pytest.mark.long, pytest.mark.skipif(BROWSER is None, reason=LACKING)]

ROOT = Path(__file__).resolve().parents[3]
DESK, PHONE = {"width": 1100, "height": 800}, {"width": 390, "height": 800}
TARGET = f"targets/{slug_of(HOSTILE[0])}"
KINDS = ("index", "sources", "map", "history", "quarantine", TARGET, f"sources/{slug_of(HOSTILE[0])}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, make_ranking: Any) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    (folder / "docs").mkdir()
    (folder / "docs" / "index.html").write_text("<!doctype html><html lang='en'><title>Docs</title>")
    write_hostile_site(folder / "hostile", make_ranking, folder / "docs")
    write_team_site(folder / "team")
    return folder


@pytest.fixture
def opened(browser: Any, sites: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page of a site; whatever the console says, or a page fetches from elsewhere, fails the test."""
    heard: list[str] = []
    contexts = []

    def open_page(path: str, site: str = "hostile", *, phone: bool = False, scheme: str = "light") -> Any:
        context = browser.new_context(
            viewport=PHONE if phone else DESK, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: heard.append(f"{path}: {said.text}"))
        page.on("pageerror", lambda error: heard.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: heard.append(f"{path}: a dialog"))
        page.on(
            "request", lambda asked: asked.url.startswith(("file://", "data:")) or heard.append(asked.url)
        )
        page.goto((sites / site / f"{path}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


def names(page: Any, table: str) -> list[str]:
    """The row headings of a table that are to be seen, from top to bottom."""
    found = page.eval_on_selector_all(
        f"#{table} tbody tr:not(.tier)",
        "rows => rows.filter(r => !r.hidden).map(r => r.querySelector('th').innerText)",
    )
    return [str(name).strip().splitlines()[0] for name in found]


def test_every_page_of_a_hostile_workspace_opens_without_a_word(opened: Any, sites: Path) -> None:
    site = sites / "hostile"
    paths = sorted(path.relative_to(site).as_posix().removesuffix(".html") for path in site.rglob("*.html"))
    page = opened(paths[0])
    for path in paths:
        page.goto((site / f"{path}.html").as_uri())
        assert page.locator("h1").count() == 1
        assert page.locator("img, iframe, script:not([src])").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} runs out of the screen"
        )
    assert len(paths) > 30


def test_nothing_runs_out_of_a_phones_screen(opened: Any, sites: Path) -> None:
    page = opened(KINDS[0], phone=True)
    for path in KINDS:
        page.goto((sites / "hostile" / f"{path}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_sorting_goes_both_ways_keeps_what_is_missing_last_and_brings_the_tiers_back(opened: Any) -> None:
    page = opened(f"targets/{slug_of('support-mails')}", "team")
    first = names(page, "ranking-1-sources")
    by_name = page.get_by_role("button", name="Source")
    by_name.click()
    assert names(page, "ranking-1-sources") == sorted(first)
    assert page.locator("th[aria-sort]").inner_text().startswith("Source")
    assert page.locator("tr.tier:visible").count() == 0
    by_name.press("Enter")
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    assert names(page, "ranking-1-sources") == sorted(first, reverse=True)
    page.get_by_role("button", name="Moved").click()
    moved = page.locator("#ranking-1-sources tbody tr:not(.tier) td.moved .hidden").all_text_contents()
    assert moved[-2:] == ["new", "new"]
    page.get_by_role("button", name="Rank", exact=True).click()
    assert names(page, "ranking-1-sources") == first
    assert page.locator("tr.tier:visible").count() > 1


def test_filtering_shows_what_fits_and_says_how_many(opened: Any) -> None:
    page = opened("sources", "team")
    page.get_by_label("Filter sources").fill("CC-BY classi")
    assert names(page, "sources") == ["amazon-reviews", "banking77", "clinc150"]
    assert page.locator("output").inner_text() == "3 of 10 shown"
    page.get_by_role("button", name="Licence").click()
    assert names(page, "sources") == ["clinc150", "amazon-reviews", "banking77"]
    page.get_by_label("Filter sources").fill("")
    assert len(names(page, "sources")) == 10


def test_on_a_phone_a_list_sorts(opened: Any) -> None:
    page = opened("sources", "team", phone=True)
    page.get_by_label("Sort by").select_option(label="Task")
    assert names(page, "sources")[-1] == "app-store-stars"
    assert page.locator(".sort").first.get_attribute("tabindex") == "-1"


def test_links_lead_from_page_to_page_and_the_first_tab_skips_to_the_content(opened: Any) -> None:
    page = opened("index", "team")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("link", name="support-mails").click()
    assert page.locator("h1").inner_text() == "support-mails"
    page.locator("#ranking-1-sources tbody th.name a").first.click()
    assert page.locator(".eyebrow").inner_text() == "Source"
    page.get_by_role("link", name="Map", exact=True).click()
    page.locator("svg.map a").first.click()
    assert "/sources/" in page.url
    page.get_by_role("link", name="History").click()
    assert page.locator("h2").count() == 3


def test_served_it_sorts_as_well(opened: Any, sites: Path) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(sites))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = opened("index", "team").context
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/team/index.html")
        page.get_by_role("button", name="Target").click()
        assert names(page, "targets") == ["support-mails", "returns-reasons", "chat-intents"]
        server.shutdown()


@pytest.mark.parametrize(
    ("kinds", "scheme", "phone"),
    [(KINDS, "light", False), (("index", TARGET), "dark", True)],
    ids=["desk", "phone"],
)
def test_axe_finds_no_serious_fault(
    opened: Any, sites: Path, kinds: tuple[str, ...], scheme: str, phone: bool
) -> None:
    package = pytest.importorskip("axe_playwright_python", reason=LACKING)
    axe = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page, found = opened(kinds[0], scheme=scheme, phone=phone), []
    for path in kinds:
        page.goto((sites / "hostile" / f"{path}.html").as_uri())
        page.evaluate(axe)
        # Fetching style sheets is what the content security policy forbids; axe reads what the browser computed.
        faults = page.evaluate(
            "axe.run({preload: false, resultTypes: ['violations']}).then(found => found.violations)"
        )
        found += [
            (path, fault["id"], fault["nodes"][0]["html"][:200])
            for fault in faults
            if fault["impact"] in ("serious", "critical")
        ]
    assert found == []


@pytest.mark.skipif(
    "SPRINGBOARD_SCREENSHOTS" not in os.environ, reason="SPRINGBOARD_SCREENSHOTS=1 makes them"
)
@pytest.mark.parametrize(
    ("path", "name", "scheme", "phone"),
    [
        ("index", "overview", "light", False),
        (f"targets/{slug_of('support-mails')}", "target", "light", False),
        ("map", "map", "dark", False),
        (f"targets/{slug_of('support-mails')}", "phone", "dark", True),
    ],
)
def test_screenshots_for_the_docs(opened: Any, path: str, name: str, scheme: str, phone: bool) -> None:
    folder = ROOT / "docs" / "screenshots"
    folder.mkdir(exist_ok=True)
    opened(path, "team", scheme=scheme, phone=phone).screenshot(path=folder / f"{name}.png")
    assert (folder / f"{name}.png").stat().st_size < 150_000
