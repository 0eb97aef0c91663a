"""Where a result comes from: versions, input, what was assumed, how it ended."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

import chromamol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chromamol.results.record import Record


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
    "statsmodels",
)


def write_provenance(path: Path, record: Record, further: Mapping[str, object]) -> None:
    """Write the provenance of a result as JSON.

    Parameters
    ----------
    path : Path
    record : Record
    further : mapping
        More entries, e.g. the command; what JSON does not know is written as text.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    elsewhere = {"settings", "image_sha256", "image_path", "image_files"}
    entries = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "chromamol": chromamol.__version__,
        "packages": _versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "input": {
            "path": record.image_path,
            "sha256": record.image_sha256,
            "files": [source.model_dump() for source in record.image_files],
        },
        **further,
        "result": record.model_dump(mode="json", exclude=elsewhere),
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
