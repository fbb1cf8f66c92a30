from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
import yaml

import features
import flows
import models
from features.gate import default_params
from features.workspace import settings as settings_module
from features.workspace.create import TEMPLATE_FILES
from features.workspace.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "features", "flows")
MAY_IMPORT = {"models": {"models"}, "features": {"features", "models"}, "flows": set(PACKAGES)}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OURS = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
TEMPLATE = ROOT / "features" / "workspace" / "template"


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, which hides the way it goes"
            found.add(str(node.module).partition(".")[0])
    return found


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    wrong = {
        _name(path): sorted(back)
        for path in (ROOT / package).rglob("*.py")
        if (back := _imports(path) & (set(PACKAGES) - MAY_IMPORT[package]))
    }
    assert wrong == {}


def test_only_flows_imports_prefect() -> None:
    outside = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "flows"]
    assert len(outside) > 50
    assert [_name(path) for path in outside if any(m.startswith("prefect") for m in _imports(path))] == []
    assert any("prefect" in _imports(path) for path in SOURCES)


def test_nothing_of_ours_imports_the_tests_or_benchmarks() -> None:
    assert [_name(path) for path in SOURCES if _imports(path) & {"tests", "benchmarks", "support"}] == []


def test_no_pickle_no_remote_code_no_eval() -> None:
    refused = re.compile(
        r"^\s*(import|from) (pickle|cloudpickle|joblib|dill)\b|allow_pickle\s*=\s*True|trust_remote_code\s*=\s*True",
        re.MULTILINE,
    )
    calls = {
        _name(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    }
    assert calls == set()
    assert [_name(path) for path in SOURCES if refused.search(path.read_text(encoding="utf-8"))] == []


def test_files_are_small() -> None:
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OURS}
    assert {name: count for name, count in lines.items() if count > 500} == {}
    ours = sorted(count for name, count in lines.items() if name.startswith(PACKAGES))
    assert ours[len(ours) // 2] <= 120


def test_no_module_is_called_utils() -> None:
    refused = {"util", "utils", "helper", "helpers", "misc", "common_utils"}
    assert [_name(path) for path in SOURCES if {path.stem, *path.parts} & refused] == []


def test_test_files_have_names_of_their_own() -> None:
    """Without packages two test files of one name cannot be collected together."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def _modules() -> list[str]:
    found = []
    for package in (models, features, flows):
        found += [
            info.name
            for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
            if not info.name.startswith("flows.") or info.name.startswith("flows.cli")
        ]
    return found


@pytest.mark.parametrize("module", _modules())
def test_every_public_name_exists_and_says_what_it_is(module: str) -> None:
    loaded = importlib.import_module(module)
    assert inspect.getdoc(loaded), f"{module} has no docstring"
    public = getattr(loaded, "__all__", None)
    if public is None:
        return
    assert len(set(public)) == len(public)
    for name in public:
        value = getattr(loaded, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert value.__doc__, f"{module}.{name} has no docstring"


def test_the_drawing_names_every_folder() -> None:
    drawing = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    folders = {
        path.parent.relative_to(ROOT).as_posix() for path in SOURCES if len(path.relative_to(ROOT).parts) > 2
    }
    top = {folder.split("/")[1] for folder in folders}
    assert {folder for folder in top if f"{folder}/" not in drawing} == set()


def test_the_drawing_names_no_folder_that_is_gone() -> None:
    drawing = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    package, gone = "", []
    for line in drawing.splitlines():
        if top := re.match(r"(models|features|flows)/", line):
            package = top[1]
        elif (
            package
            and (folder := re.match(r"  ([a-z_]+)/ ", line))
            and not (ROOT / package / folder[1]).is_dir()
        ):
            gone.append(f"{package}/{folder[1]}")
    assert gone == []


@pytest.mark.parametrize(("name", "place"), TEMPLATE_FILES.items())
def test_the_repository_is_itself_a_workspace(name: str, place: str) -> None:
    assert (ROOT / place).read_bytes() == (TEMPLATE / name).read_bytes()


def test_every_file_of_the_template_is_copied() -> None:
    assert {path.name for path in TEMPLATE.iterdir()} == set(TEMPLATE_FILES)


def test_params_yaml_says_the_defaults() -> None:
    written = yaml.safe_load((TEMPLATE / "params.yaml").read_text(encoding="utf-8"))
    assert set(written) == set(Settings.model_fields)
    assert written["gate"] == default_params()
    given = load_settings(TEMPLATE / "params.yaml").model_dump(mode="json")
    assert given == Settings(encoder=written["encoder"]).model_dump(mode="json")


def test_params_yaml_leaves_no_setting_out() -> None:
    """A setting that the file does not show is one that nobody finds."""
    written = yaml.safe_load((TEMPLATE / "params.yaml").read_text(encoding="utf-8"))
    known = load_settings(TEMPLATE / "params.yaml").model_dump(mode="json")
    for section in set(known) - {"gate"}:
        assert set(written[section]) == set(known[section]), section


def test_every_section_of_the_settings_is_documented() -> None:
    for name in settings_module.__all__:
        assert getattr(settings_module, name).__doc__
