"""Help and the settings file: complete, and without waiting for heavy packages."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

import chromamol
from chromamol.settings import Settings

COMMANDS = ("run", "demo", "info", "export", "settings", "simulate", "doctor", "benchmark")
HEAVY = {"torch", "napari", "qtpy", "PyQt6", "scipy", "skimage", "pandas", "matplotlib", "zarr"}


def test_help_names_every_command(cli) -> None:
    done = cli("--help")
    assert done.exit_code == 0
    assert all(f"  {command} " in done.stdout for command in COMMANDS)


def test_version(cli) -> None:
    assert cli("--version").stdout.strip() == f"chromamol {chromamol.__version__}"


@pytest.mark.parametrize("arguments", [("run", "--help"), ("--help",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "chromamol", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert "typer" in imported
    assert imported.isdisjoint(HEAVY)


def test_help_of_an_option_is_the_sentence_of_the_settings(cli) -> None:
    described = Settings.model_fields["pixel_size_nm"].description
    assert described in " ".join(cli("run", "--help").stdout.split())


def test_settings_are_a_file_to_start_from(cli, tmp_path) -> None:
    text = cli("settings").stdout
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    assert Settings.from_yaml(path) == Settings()
    assert list(yaml.safe_load(text)) == list(Settings.model_fields)
    comments = " ".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    assert all(field.description in comments for field in Settings.model_fields.values())
    assert "Allowed: a number, above 0 and at most 10000; fit. reaction" in text.replace("\n", " ")
    assert "Allowed: names, as {x: x_nm}; empty (null). columns" in text.replace("\n", " ")
    assert "Allowed: two numbers, as [1, 2]; empty (null). z_range_nm" in text.replace("\n", " ")
    assert "Allowed: a whole number, at least 0 and at most 2147483647. seed" in text.replace(
        "\n", " "
    )
