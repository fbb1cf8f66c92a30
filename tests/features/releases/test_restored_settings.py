"""params.yaml with the sections of a release: values right, comments and everything else kept."""

from __future__ import annotations

from pathlib import Path

import yaml

from features.releases.settings import SECTIONS, changed_settings, with_sections_of
from features.workspace.settings import CalibrationParams, settings_of

NOW = """# Settings.
springboard:
  workspace_format: 1

# What embeds everything.
encoder:
  ref: now   # typed on Friday
caps:
  target_rows: 10

# Rankings.
ranking:
  scorer: leep

# How runs go.
run:
  retries: 5
"""
THEN = """# Settings of then.
springboard:
  workspace_format: 1
# What embedded everything.
encoder:
  ref: then
caps:
  target_rows: 99
ranking:
  scorer: leep   # as it is now
run:
  retries: 1
"""


def test_sections_that_rankings_follow_from_are_taken_with_their_comments() -> None:
    text = with_sections_of(NOW, THEN)
    assert yaml.safe_load(text) == {
        "springboard": {"workspace_format": 1},
        "encoder": {"ref": "then"},
        "caps": {"target_rows": 10},
        "ranking": {"scorer": "leep"},
        "run": {"retries": 5},
    }
    assert "# What embedded everything." in text
    assert "# Rankings." in text
    assert "# How runs go." in text
    assert text.startswith("# Settings.\n")


def test_the_same_in_substance_is_the_same_text() -> None:
    assert with_sections_of(NOW, NOW.replace("now   # typed on Friday", "now")) == NOW


def test_a_section_that_was_not_there_has_its_defaults_again() -> None:
    text = with_sections_of(NOW + "\n# Gains.\ncalibration:\n  coverage: 0.9\n", THEN)
    # Written out: DVC records nothing where dvc.yaml names a section that params.yaml lacks.
    assert yaml.safe_load(text)["calibration"] == CalibrationParams().model_dump()
    assert "# Gains.\ncalibration:" in text
    assert with_sections_of(text, THEN) == text
    for section in SECTIONS[1:]:
        again = with_sections_of(
            f"{NOW}{section}:\n  some: 1\n" if section != "ranking" else NOW, "encoder: {ref: then}\n"
        )
        restored = settings_of(again, Path("params.yaml"))
        assert getattr(restored, section) == getattr(
            settings_of("encoder: {ref: then}\n", Path("params.yaml")), section
        )
    # And one that is not here comes back.
    text = with_sections_of(NOW, THEN + "overlap: {threshold: 0.5}\n")
    assert yaml.safe_load(text)["overlap"] == {"threshold": 0.5}


def test_text_that_cannot_be_taken_apart_gives_the_right_values_all_the_same() -> None:
    now = '{"encoder": {"ref": "now"}, "run": {"retries": 5}}'
    assert yaml.safe_load(with_sections_of(now, THEN)) == {
        "encoder": {"ref": "then"},
        "ranking": {"scorer": "leep"},
        "run": {"retries": 5},
    }


def test_what_differs_is_named_by_section_and_key() -> None:
    old, new = yaml.safe_load(NOW), yaml.safe_load(THEN)
    assert changed_settings(old, new) == {"encoder.ref": ("now", "then")}
    assert changed_settings(old, new, ("caps", "run"))["run.retries"] == (5, 1)
    assert changed_settings({"esm": {"rank": 4}}, {}) == {"esm.rank": (4, None)}
