"""One image of a batch, all the way to its end, whatever that is."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import chromamol
from chromamol.batch.place import IMAGE_KEY, KEY
from chromamol.batch.task import Ended, Status
from chromamol.errors import CallError, Cancelled, ChromamolError, InputError, NoImage
from chromamol.memory import PeakMemory
from chromamol.progress import Progress, Silent
from chromamol.results.columns import COLUMNS, COLUMNS_FILE, DOMAINS_FILE, NUCLEI_FILE
from chromamol.results.folders import check_folder, input_store
from chromamol.results.place import PROVENANCE_FILE, TIFF_MAPS, provenance_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from chromamol.batch.task import Task
    from chromamol.results.record import NucleusRecord
    from chromamol.settings import Settings

logger = logging.getLogger(__name__)

_OF_A_RESULT = (NUCLEI_FILE, DOMAINS_FILE, COLUMNS_FILE, *(f"{name}.ome.tif" for name in TIFF_MAPS))
_NO_MEMORY = (
    "There was not enough memory for this image. Crop it to the nuclei, or use fewer workers."
)


def bring_to_end(
    task: Task,
    out: Path,
    settings: Settings,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Ended:
    """Analyse an image and write its result, unless that is there; say how it ended.

    Parameters
    ----------
    task : Task
    out : Path
        Folder of all results.
    settings : Settings
    overwrite : bool
        Analyse it again although its files, the settings and the version are the same.
    progress : Progress, optional

    Raises
    ------
    Cancelled
        If `progress` asked to stop; nothing is written then.
    """
    start, peak = time.monotonic(), PeakMemory()
    try:
        ended = _analyse(task, out, settings, progress or Silent(), overwrite=overwrite)
    except Cancelled:
        raise
    except NoImage as error:
        ended = Ended(task.name, Status.SKIPPED, str(error))
    except ChromamolError as error:
        ended = Ended(task.name, Status.FAILED, str(error))
    except UnicodeEncodeError:
        reason = "Its path holds bytes that are no text. Rename the file or its folder."
        ended = Ended(task.name, Status.FAILED, reason)
    except MemoryError:
        ended = Ended(task.name, Status.FAILED, _NO_MEMORY, lacked_memory=True)
    except Exception as error:  # one bad image must not stop the others
        logger.exception("The analysis of %s failed", task.name)
        reason = (
            f"Unexpected error ({type(error).__name__}: {error}). Please report it, with the "
            "output of 'chromamol doctor'."
        )
        lacked_memory = type(error).__name__ == "OutOfMemoryError"  # torch's, of a graphics card
        ended = Ended(task.name, Status.FAILED, reason, lacked_memory=lacked_memory)
    memory_mb = None if ended.before else peak.mb()
    gc.collect()  # figures hold themselves; in a worker they would pile up
    return replace(ended, seconds=time.monotonic() - start, memory_mb=memory_mb)


def _analyse(
    task: Task, out: Path, settings: Settings, progress: Progress, *, overwrite: bool
) -> Ended:
    """Do what ``chromamol run`` does with one image."""
    progress.begin("starting")
    key = _key_of(task, settings)
    stored = provenance_of(task.folder)
    if not overwrite and (stored or {}).get(KEY) == key:
        nuclei = _nuclei_of(task, stored or {})
        if nuclei:
            return replace(_ended(task, nuclei), before=True)
    has_provenance = (task.folder / PROVENANCE_FILE).is_file()
    if stored is None and has_provenance and not overwrite:
        msg = (
            f"{task.folder} is in the way: its {PROVENANCE_FILE} cannot be read. If it is a "
            "damaged result, delete that folder, or add --overwrite; else give another output "
            "folder."
        )
        raise CallError(msg)
    # A result that no batch made may be of outlines that somebody corrected.
    is_of_run = has_provenance and KEY not in (stored or {})
    check_folder(task.folder, overwrite=overwrite or not is_of_run)
    from chromamol.images.intensities import looks_like_labels
    from chromamol.images.read import read_image
    from chromamol.pipeline import analyse
    from chromamol.results.record import record_of
    from chromamol.results.write import write_results

    store = input_store(task.folder, out)
    image = read_image(task.files, settings, store=store, progress=progress)
    if len(image.channel_names) == 1 and not image.counts and looks_like_labels(image.cyx[0]):
        msg = (
            "It looks like a mask or a label image. The outlines of an image's nuclei are named in "
            "the column nuclei of the sample sheet."
        )
        raise NoImage(msg)
    analysis = analyse(image, settings, nuclei=task.nuclei, progress=progress)
    provenance = {
        KEY: key,
        IMAGE_KEY: task.name,
        "nuclei_file": task.nuclei,
        "command": task.command,
    }
    write_results(analysis, task.folder, overwrite=True, provenance=provenance, progress=progress)
    return _ended(task, record_of(analysis).nuclei)


def _key_of(task: Task, settings: Settings) -> str:
    """Return what changes when the files, the settings, the version or the tables do."""
    from chromamol.images.files import source_files

    files = [*task.files, *([task.nuclei] if task.nuclei else [])]
    parts = {
        "files": [one.sha256 for one in source_files(files)],
        "nuclei": task.nuclei is not None,
        "settings": settings.model_dump(mode="json"),
        "version": chromamol.__version__,
        # Between two versions, too: tables of different columns are not gathered in one.
        "columns": [(column.file, column.name, column.formula) for column in COLUMNS],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _nuclei_of(task: Task, provenance: Mapping[str, Any]) -> tuple[NucleusRecord, ...]:
    """Return what is known of the nuclei of a stored result; none where it is not whole."""
    from chromamol.results.reopen import read_record

    files = [task.folder / name for name in _OF_A_RESULT]
    stores = list(task.folder.glob("*.ome.zarr"))
    is_whole = all(file.is_file() and file.stat().st_size for file in files)
    # Without its image, which early versions left out, a report does not find the result.
    if not is_whole or len(stores) != 1 or provenance.get(IMAGE_KEY) != task.name:
        return ()
    try:
        return read_record(stores[0]).nuclei
    except InputError:
        return ()


def _ended(task: Task, nuclei: Sequence[NucleusRecord]) -> Ended:
    """Say what came out, and what of it must not be believed."""
    from chromamol.results.in_words import in_words, is_doubted, why_no_map

    words = in_words(nuclei)
    no_map = [f"No rate map: {sentence}" for sentence in words.no_map]
    doubts = [f"Do not believe the rate map: {sentence}" for sentence in words.doubts]
    return Ended(
        task.name,
        Status.OK,
        " ".join([*no_map, *doubts]),
        nuclei=len(nuclei),
        maps=sum(why_no_map(one) is None for one in nuclei),
        doubted=sum(map(is_doubted, nuclei)),
    )
