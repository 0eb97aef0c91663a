"""What every test shares: a screen of nobody's, and no settings of the user."""

from __future__ import annotations

import os

os.environ["MPLBACKEND"] = "Agg"
os.environ["NAPARI_CONFIG"] = ""  # napari then neither reads nor writes a settings file
