"""The house: light imports, the wall between library and plugin, packaging, one version."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, version
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import chromamol

ROOT = Path(__file__).parents[1]
WINDOW_PACKAGES = ("napari", "napari_chromamol", "qtpy", "PyQt5", "PyQt6", "PySide6", "superqt")
HEAVY_PACKAGES = (*WINDOW_PACKAGES, "torch")

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def run_python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("-c", "import chromamol"), ("-m", "chromamol", "--help")])
def test_start_is_light(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run_python("-X", "importtime", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    imported = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert "chromamol" in imported
    assert imported.isdisjoint(HEAVY_PACKAGES)


def test_every_public_name_resolves() -> None:
    assert set(chromamol.__all__) <= set(dir(chromamol))
    for name in chromamol.__all__:
        assert getattr(chromamol, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        chromamol.no_such_name  # noqa: B018


def imported_packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_library_never_imports_the_window() -> None:
    sources = sorted((ROOT / "chromamol").rglob("*.py"))
    assert sources
    for path in sources:
        assert imported_packages(path).isdisjoint(WINDOW_PACKAGES), path


def test_images_know_nothing_of_what_is_made_of_them() -> None:
    for path in (ROOT / "chromamol" / "images").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"chromamol\.(inference|results|pipeline|cli)\b", text), path


def test_all_extras_are_installed_together(tmp_path: Path) -> None:
    for line in distribution("chromamol").requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra})
            for extra in set(PYPROJECT["project"]["optional-dependencies"]) - {"vendor"}
        ):
            assert requirement.specifier.contains(version(requirement.name), prereleases=True), line
    check = run_python("-m", "pip", "check", cwd=tmp_path)
    assert check.returncode == 0, check.stdout


def test_constraints_are_portable_and_cover_the_dependencies() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {_normal(line.split("==")[0]) for line in lines}
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"].values()
    wanted = chain(project["dependencies"], *extras)
    assert {_normal(Requirement(line).name) for line in wanted} <= pinned


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changes, flags=re.MULTILINE)
    assert newest is not None
    assert version("chromamol") == chromamol.__version__ == citation["version"] == newest[1]


@pytest.fixture(scope="module")
def wheel_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it where nothing else of the checkout is."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    built = run_python(
        *pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT), cwd=folder
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("chromamol-*.whl")
    site = folder / "site"
    installed = run_python(
        *pip, "install", "--no-deps", "--target", str(site), str(wheel), cwd=folder
    )
    assert installed.returncode == 0, installed.stderr
    return site


def files_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_wheel_holds_what_the_plugin_and_the_samples_need(wheel_site: Path) -> None:
    for name in ("chromamol/py.typed", "napari_chromamol/napari.yaml"):
        assert (wheel_site / name).is_file(), name
    samples = files_under(ROOT / "sample_data")
    assert samples
    assert files_under(wheel_site / "chromamol/sample_data") == samples
    assert not (wheel_site / "tests").exists()


@pytest.mark.timeout(400)
def test_installed_wheel_runs_the_demo(wheel_site: Path, tmp_path: Path) -> None:
    alone = {"PYTHONPATH": str(wheel_site), "PYTHONSAFEPATH": "1"}
    where = run_python("-c", "import chromamol; print(chromamol.__file__)", cwd=tmp_path, **alone)
    assert Path(where.stdout.strip()).is_relative_to(wheel_site)
    demo = run_python("-m", "chromamol", "demo", "-o", "demo", cwd=tmp_path, **alone)
    assert demo.returncode == 0, demo.stderr
    records = list((tmp_path / "demo").rglob("provenance.json"))
    assert len(records) == 2
    for record in records:
        assert json.loads(record.read_text(encoding="utf-8"))
        assert (record.parent / "rate.ome.tif").is_file()
