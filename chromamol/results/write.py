"""All files of a result, written at once or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.output import appearing, disk_told
from chromamol.progress import Silent
from chromamol.results.columns import COLUMNS_FILE, DOMAINS_FILE, NUCLEI_FILE
from chromamol.results.place import PROVENANCE_FILE, TIFF_MAPS, check_place
from chromamol.results.provenance import write_provenance
from chromamol.results.record import describe_map
from chromamol.results.result import analysis_of, result_of
from chromamol.results.store import write_store
from chromamol.results.tables import columns_table, write_table
from chromamol.results.tiff import write_map_tiff

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.progress import Progress
    from chromamol.results.result import Result


def write_results(
    analysis: Analysis,
    out_dir: Path,
    *,
    overwrite: bool = False,
    provenance: Mapping[str, object] | None = None,
    yx_truth: NDArray[np.float64] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write every file of a result into one folder, which appears when it is complete.

    Parameters
    ----------
    analysis : Analysis
    out_dir : Path
        The folder of this image; its parents are made.
    overwrite : bool
        Replace a result that is there. Files in it that chromamol did not write are kept.
    provenance : mapping, optional
        Further entries for provenance.json, e.g. the command and the file of the nuclei.
    yx_truth : (y, x) float64, optional
        The known rate map of a simulated image, drawn beside the inferred one.
    progress : Progress, optional

    Returns
    -------
    Path
        `out_dir`.

    Raises
    ------
    CallError
        If the folder exists (and is not to be overwritten, or is no result), or cannot be
        written: no permission, disk full, read-only.
    chromamol.errors.Cancelled
        If the user asked to stop; like on any error, nothing is left behind.
    """
    return write_result(
        result_of(analysis),
        out_dir,
        overwrite=overwrite,
        provenance=provenance,
        yx_truth=yx_truth,
        progress=progress,
    )


def write_result(
    result: Result,
    out_dir: Path,
    *,
    overwrite: bool = False,
    provenance: Mapping[str, object] | None = None,
    yx_truth: NDArray[np.float64] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write every file of a result that was measured before, or read back; as `write_results`."""
    out_dir = Path(out_dir)
    names = _file_names(result)
    with disk_told(out_dir):
        check_place(out_dir, overwrite=overwrite)
        with appearing(out_dir, replaces=names if overwrite else None) as folder:
            _write_files(folder, result, provenance or {}, yx_truth, progress or Silent())
    return out_dir


def _file_names(result: Result) -> frozenset[str]:
    """Name everything that a result consists of."""
    maps = {f"{name}.ome.tif" for name in TIFF_MAPS}
    tables = {NUCLEI_FILE, DOMAINS_FILE, COLUMNS_FILE}
    others = {"settings.yaml", PROVENANCE_FILE, "figure.png", "figure.pdf"}
    return frozenset(maps | tables | others | {store_name(result)})


def store_name(result: Result) -> str:
    """Name the OME-Zarr store of a result; a folder holds one."""
    return f"{result.record.image}.ome.zarr"


def _write_files(
    folder: Path,
    result: Result,
    provenance: Mapping[str, object],
    yx_truth: NDArray[np.float64] | None,
    progress: Progress,
) -> None:
    """Write the files one after the other."""
    from chromamol.results.figure import draw_figure, save_figure

    progress.begin("write the results", 5)
    write_store(folder / store_name(result), result)
    progress.advance()
    record = result.record
    for name in TIFF_MAPS:
        write_map_tiff(
            folder / f"{name}.ome.tif",
            result.maps[name],
            result.yx_spacing_nm,
            name,
            description=describe_map(record, name),
        )
    progress.advance()
    write_table(folder / NUCLEI_FILE, result.nuclei_table)
    write_table(folder / DOMAINS_FILE, result.domains_table)
    write_table(folder / COLUMNS_FILE, columns_table(record.nuclei[0].naming.unit))
    progress.advance()
    (folder / "settings.yaml").write_text(record.settings.to_yaml(), encoding="utf-8")
    write_provenance(folder / PROVENANCE_FILE, record, provenance)
    progress.advance()
    figure = draw_figure(analysis_of(result), yx_truth=yx_truth)
    save_figure(figure, folder / "figure.png", folder / "figure.pdf")
    progress.advance()
