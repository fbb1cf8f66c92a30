from __future__ import annotations

import sys
from pathlib import Path

import pytest

from models.encoder.locate import is_local, locate_model
from models.errors import EncoderError, OfflineError, UnknownReferenceError


def test_a_package_is_found_without_running_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "springboard_test_weights"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('this ran')")
    (package / "inner" / "config.json").write_text("{}")
    (package / "inner" / "model.safetensors").write_bytes(b"")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert locate_model("package:springboard_test_weights") == package / "inner"
    assert "springboard_test_weights" not in sys.modules


def test_a_package_without_weights_is_refused() -> None:
    with pytest.raises(EncoderError, match="package hypothesis has no folder"):
        locate_model("package:hypothesis")


@pytest.mark.parametrize("name", ["no_such_package_here", "a.b", "../x", ""])
def test_an_unknown_package_is_refused(name: str) -> None:
    with pytest.raises(UnknownReferenceError, match="no installed package"):
        locate_model(f"package:{name}")


@pytest.mark.parametrize("ref", ["/no/such/folder", "a/b/c", "spaces in it", "../up"])
def test_what_is_neither_folder_nor_hub_id_is_unknown(ref: str) -> None:
    with pytest.raises(UnknownReferenceError, match="no model folder"):
        locate_model(ref)


def test_a_hub_id_without_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="HF_HUB_OFFLINE is set"):
        locate_model("springboard-tests/not-in-any-cache")


def test_a_folder_is_local_and_a_hub_id_is_not(tmp_path: Path) -> None:
    assert is_local(str(tmp_path))
    assert is_local("package:anything")
    assert not is_local("owner/name")
    assert locate_model(str(tmp_path)) == tmp_path
