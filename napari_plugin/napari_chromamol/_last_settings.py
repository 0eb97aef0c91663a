"""The settings of the last run, kept for the next session."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QStandardPaths

from chromamol.errors import ChromamolError
from chromamol.settings import Settings


def remember(settings: Settings) -> None:
    """Keep settings; where that cannot be, a run is not the place to say so."""
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(settings.to_yaml(), encoding="utf-8")
    except OSError:
        return


def last_settings() -> Settings | None:
    """Return the settings of the last run; None where there are none that can be read."""
    path = _path()
    try:
        return Settings.from_yaml(path) if path.is_file() else None
    except ChromamolError:
        return None


def _path() -> Path:
    """Return the file in the user's folder for such things."""
    where = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(where) / "chromamol" / "last-settings.yaml"
