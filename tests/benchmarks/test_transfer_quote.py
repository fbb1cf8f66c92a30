"""The README's figures are what the benchmark's files say."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.transfer.quote import BEGIN, END, README, block, current_block, on_another, quoted


def _evaluation() -> dict[str, Any]:
    measures = {"regret@1": 2.5, "regret@5": 0.25, "excess_regret@5": None, "gain": -0.125}
    return {
        "pairs": 12,
        "candidates": 4,
        "targets": 3,
        "seeds": 2,
        "default": "logme",
        "scorers": {"logme": measures, "random": measures | {"regret@1": 7.0}},
        "goals": [
            {"goal": "small", "value": 0.25, "met": True},
            {"goal": "a|b", "value": None, "met": None, "why": "no floor"},
            {"goal": "large", "value": 2.0, "met": False},
        ],
    }


def test_numbers_goals_and_coverage_stand_in_the_block() -> None:
    row = {"method": "mixed", "target": "all", "coverage": "0.8", "covered": "0.75"}
    row |= {"width": "3.14", "error": "1.26", "error_of_zero": "2.0"}
    text = block(_evaluation(), [row, row | {"method": "mean"}, row | {"target": "t"}], "mixed")
    assert "On 12 real pairs (4 sources, 3 targets of 100 training rows, 2 seeds, MiniLM):" in text
    assert "| **Springboard's default (`logme`)** | 2.50 | 0.25 | n/a | -0.12 |" in text
    assert "| at random | 7.00 | 0.25 | n/a | -0.12 |" in text
    assert "hf-dataset-selector" not in text  # It is not in the evaluation.
    assert "- Goal small: met (0.25)." in text
    assert "- Goal a\\|b: cannot be said yet (no floor)." in text
    assert "- Goal large: missed (2.00)." in text
    assert text.count("hold 80% hold 75% of the gains and are 3.1 points wide") == 1


def test_a_smaller_matrix_of_another_encoder_is_one_line() -> None:
    line = on_another(_evaluation(), "mpnet")
    assert line.startswith(
        "- On another encoder (mpnet; 12 pairs of 4 of these sources and 3 of these targets, 2 seeds)"
    )
    assert line.endswith("-0.12 points by `logme` (regret@1 2.50), -0.12 points by chance (regret@1 7.00).\n")


def test_only_what_is_between_the_markers_changes() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nbehind\n"
    assert quoted(text, "new\n") == f"before\n{BEGIN}\nnew\n{END}\nbehind\n"
    assert quoted(quoted(text, "new\n"), "old\n") == text
    for broken in ("nothing", f"{END}{BEGIN}", text + text):
        with pytest.raises(ValueError, match="README needs one"):
            quoted(broken, "new\n")


def test_the_readme_quotes_the_committed_files() -> None:
    readme = README.read_text(encoding="utf-8")
    assert quoted(readme, current_block()) == readme, "python -m benchmarks.transfer.quote"
