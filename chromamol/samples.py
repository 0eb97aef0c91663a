"""The sample images, found in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from chromamol.errors import CallError

SAMPLES = {
    "sted": "sted-dna-hdfa/sted_dna.tiff",
    "sted-mask": "sted-dna-hdfa/sted_nucleus_mask.tiff",
    "simulated": "simulated-nucleus/simulated_nucleus.ome.tif",
    "simulated-rate": "simulated-nucleus/simulated_nucleus_rate.ome.tif",
    "simulated-mask": "simulated-nucleus/simulated_nucleus_mask.ome.tif",
}

STED_PIXEL_SIZE_NM = 20.0
"""Pixel size of the STED sample, nm; its file states a printing resolution instead."""


def sample_path(name: str) -> Path:
    """Find a sample image.

    Parameters
    ----------
    name : str
        A key of `SAMPLES`.

    Returns
    -------
    Path
        The existing file.

    Raises
    ------
    CallError
        If there is no sample of that name, or its file is not there.
    """
    if name not in SAMPLES:
        msg = f"There is no sample '{name}'; the samples are: {', '.join(SAMPLES)}."
        raise CallError(msg)
    package = Path(__file__).parent
    for folder in (package / "sample_data", package.parent / "sample_data"):
        path = folder / SAMPLES[name]
        if path.is_file():
            return path
    msg = (
        f"The sample file {SAMPLES[name]} is not installed. Install chromamol again from a wheel, "
        "or run it in a checkout that has the folder sample_data."
    )
    raise CallError(msg)
