"""Make the pictures of a report in docs/images, from a small simulated study.

Run in a checkout, with Chromium installed; it takes some minutes:

    python docs/make_report_pictures.py
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from chromamol.batch import plan_batch, run_batch
from chromamol.settings import Settings
from chromamol.simulation import REACTION_LENGTH_NM, simulate_nucleus

IMAGES = Path(__file__).parent / "images"
SETTINGS = Settings(
    intensity_per_fraction=2000,
    background_intensity=0,
    reaction_length_nm=REACTION_LENGTH_NM,
    forward_check=False,
)
# Where the rates vary smoothly, and where the rim differs from the inside.
GROUPS = {"control": "smooth", "treated": "step"}
REPLICATES, NUCLEI = 3, 2


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "images", Path(name) / "simulated study"
        sheet = simulate_study(folder)
        list(run_batch(plan_batch(folder, out, sheet=sheet), SETTINGS))
        pictures_of(out / "report.html")


def pictures_of(report: Path) -> None:
    """Show the top of a report, and the part of it about one nucleus."""
    picture(report, "report.png", 1366, 1500)
    page = report.read_text(encoding="utf-8")
    hidden = "header, nav, main > :not(#sections), #sections > :not(#n0) { display: none; }"
    alone = report.with_name("one-nucleus.html")
    alone.write_text(page.replace("</style>", f"{hidden}</style>", 1), encoding="utf-8")
    picture(alone, "report-nucleus.png", 1366, 1460)
    alone.unlink()


def simulate_study(folder: Path) -> Path:
    """Simulate the nuclei of a study; return its sample sheet."""
    folder.mkdir()
    rows, seed = ["image,group,replicate,nuclei"], 0
    for group, field in GROUPS.items():
        for replicate in range(1, REPLICATES + 1):
            for number in range(1, NUCLEI + 1):
                seed += 1
                name = f"{group} {replicate}-{number}"
                image, truth, mask = simulate_nucleus(folder / name, field=field, seed=seed)
                truth.unlink()
                rows.append(f"{image.name},{group},donor {replicate},{mask.name}")
    sheet = folder / "samples.csv"
    sheet.write_text("\n".join(rows), encoding="utf-8")
    return sheet


def picture(page: Path, name: str, width_px: int, height_px: int) -> None:
    """Write what a browser shows."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        msg = "Chromium was not found. Install it, and run this again."
        raise FileNotFoundError(msg)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603
            [
                browser,
                "--headless=new",
                "--no-sandbox",
                "--hide-scrollbars",
                "--virtual-time-budget=4000",
                f"--user-data-dir={profile}",
                f"--window-size={width_px},{height_px}",
                f"--screenshot={IMAGES / name}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
