"""``chromamol doctor``: whether chromamol can work here, and what to do where it cannot."""

from __future__ import annotations

import platform
import shutil
from importlib import metadata, util
from pathlib import Path

import typer

from chromamol.cli.errors import recorded
from chromamol.cli.words import say
from chromamol.errors import InputError

_PACKAGES = ("numpy", "scipy", "torch", "scikit-image", "tifffile", "zarr", "typer")
_LITTLE_MEMORY_GB = 4.0
_LITTLE_DISK_GB = 1.0
_TOLERANCE = 0.05


def doctor() -> None:
    """Check this installation.

    Versions, devices, memory, napari, and a small analysis whose result is known.
    """
    import chromamol
    from chromamol.inference.device import describe_device

    _line("chromamol", f"{chromamol.__version__}, Python {platform.python_version()}")
    _line("System", platform.platform())
    _line("Packages", ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES))
    _line("Computing", f"on {describe_device('auto', worth_a_card=True)}")
    _line("Memory", _memory())
    _line("Disk", _disk())
    _line("napari", _napari())
    codes: list[int] = []
    with recorded(codes, subject="The self-test failed"):
        _line("Self-test", _self_test())
    if codes:
        raise typer.Exit(codes[0])


def _line(title: str, text: str) -> None:
    """Print one thing that was checked."""
    say(f"{title + ':':<12}{text}", hang=12)


def _memory() -> str:
    """Say how much memory is free, where the system tells."""
    table = Path("/proc/meminfo")
    if not table.exists():
        return "unknown on this system; an image of 2000 x 2000 pixels needs about 2 GB"
    entries = dict(line.split(":", 1) for line in table.read_text(encoding="ascii").splitlines())
    free_gb = int(entries["MemAvailable"].split()[0]) / 1e6
    advice = " Little: crop large images to the nuclei." if free_gb < _LITTLE_MEMORY_GB else ""
    return f"{free_gb:.1f} GB free.{advice}"


def _disk() -> str:
    """Say how much room there is for results in the current folder."""
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    advice = " Little: write results elsewhere, with -o." if free_gb < _LITTLE_DISK_GB else ""
    return f"{free_gb:.1f} GB free in this folder.{advice}"


def _napari() -> str:
    """Say whether the window can open, without opening it."""
    missing = [name for name in ("napari", "qtpy") if util.find_spec(name) is None]
    if not any(util.find_spec(name) for name in ("PyQt6", "PyQt5", "PySide6")):
        missing.append("Qt")
    if missing:
        return (
            f"not usable ({', '.join(missing)} missing); the command line works without it. "
            "For the window: pip install 'chromamol[gui]'"
        )
    return f"{metadata.version('napari')}: Plugins > Rate map (chromamol)"


def _self_test() -> str:
    """Infer a rate that is known in closed form.

    With e = e0 + a cos(kx) and lambda = 1 the e-form gives h = e + a ell^2 k^2 (1 + delta^2 k^2)
    cos(kx).
    """
    import numpy as np

    from chromamol.inference.infer import infer_rates
    from chromamol.settings import Settings

    spacing_nm, ell_nm, shape = 10.0, 100.0, (40, 48)
    settings = Settings(reaction_length_nm=ell_nm, boundary="periodic")
    k = 2 * np.pi / (shape[1] * spacing_nm)
    wave = 0.05 * np.cos(k * spacing_nm * np.arange(shape[1])) * np.ones(shape)
    gain = (ell_nm * k) ** 2 * (1 + (settings.gradient_length_nm * k) ** 2)
    noise = np.random.default_rng(0).normal(scale=1e-3, size=(2, *shape))
    euchromatin = 0.25 + wave
    heterochromatin = euchromatin + gain * wave
    found = infer_rates(
        heterochromatin + noise[0],
        euchromatin + noise[1],
        spacing_nm=spacing_nm,
        calibrated=True,
        settings=settings,
    )
    error = float(np.abs(found.rate - 1).max())
    if not error < _TOLERANCE:
        msg = (
            f"a rate that is known came out {100 * error:.0f} % wrong. Do not trust results of "
            "this installation; install chromamol again with -c constraints.txt"
        )
        raise InputError(msg)
    return f"a known rate was found within {100 * error:.1f} %."
