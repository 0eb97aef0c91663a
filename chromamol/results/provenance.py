"""Where a result comes from: versions, input, what was assumed, how it ended."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

import chromamol
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chromamol.analysis import Analysis


_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-image",
    "torch",
    "tifffile",
    "zarr",
    "yaozarrs",
    "pandas",
    "matplotlib",
    "pydantic",
)


def write_provenance(path: Path, analysis: Analysis, further: Mapping[str, object]) -> None:
    """Write the provenance of an analysis as JSON.

    Parameters
    ----------
    path : Path
    analysis : Analysis
    further : mapping
        More entries, e.g. the command; what JSON does not know is written as text.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    record = record_of(analysis).model_dump(mode="json", exclude={"settings", "image_sha256"})
    entries = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "chromamol": chromamol.__version__,
        "packages": _versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "input": {
            "path": str(analysis.image.path),
            "sha256": analysis.image.sha256,
            "files": [source.model_dump() for source in analysis.image.sources],
        },
        **further,
        "result": record,
    }
    text = json.dumps(entries, indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    """Version of each package that the numbers depend on and that is installed."""
    installed = {}
    for name in _PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed
