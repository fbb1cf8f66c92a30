from __future__ import annotations

import re
from pathlib import Path

import pytest

import features.reports.site

STYLE = (Path(features.reports.site.__file__).parent / "templates" / "style.css").read_text()
GROUNDS = ("ground", "surface")
PAIRS = [
    *(
        (ink, ground)
        for ink in ("ink", "muted", "link", "first", "second", "rest", "bad")
        for ground in GROUNDS
    ),
    *((ink, f"{name}-soft") for name in ("first", "warn", "bad") for ink in (name, "ink")),
    ("ink", "grid"),
]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(ink: str, ground: str, dark: bool) -> None:
    light, night = (colours(block) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL))
    assert light.keys() == night.keys()
    palette = night if dark else light
    a, b = sorted((luminance(palette[ink]), luminance(palette[ground])))
    # WCAG 2.2, success criterion 1.4.3
    assert (b + 0.05) / (a + 0.05) >= 4.5


def test_every_class_the_pages_use_by_name_is_styled() -> None:
    pages = "".join(
        path.read_text() for path in Path(features.reports.site.__file__).parent.glob("templates/*.html")
    )
    used = {name for names in re.findall(r'class="([a-z -]+)"', pages) for name in names.split()}
    assert used - {"plot", "name", "site", "wrap"} <= set(re.findall(r"\.([a-z][a-z-]*)", STYLE))
