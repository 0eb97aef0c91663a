"""What napari learns from the manifest, and how light the plugin is to load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from npe2 import PluginManifest

import napari_chromamol

MANIFEST = Path(napari_chromamol.__file__).with_name("napari.yaml")


def test_manifest_is_valid_and_all_that_it_names_exists() -> None:
    manifest = PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    assert manifest.name == "chromamol"
    menus = {
        place: {item.command.removeprefix("chromamol.") for item in items}
        for place, items in manifest.contributions.menus.items()
    }
    assert menus == {
        "napari/layers/measure": {"rate_map", "explore"},
        "napari/layers/segment": {"nuclei"},
        "napari/layers/filter": {"rate_map"},
    }
    assert {widget.display_name for widget in manifest.contributions.widgets} == {
        "Open with choices",
        "Outline nuclei",
        "Rate map",
        "Explore",
        "Batch: a folder of images",
    }


def test_opening_the_widget_does_not_load_torch() -> None:
    program = (
        "import sys, napari_chromamol._run_widget, napari_chromamol._batch_widget, "
        "napari_chromamol._reader, napari_chromamol._samples; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
