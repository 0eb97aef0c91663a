"""The batch in a real window: what it finds, what it writes, and how it ends."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QThreadPool, QUrl
from qtpy.QtGui import QDesktopServices, QDragEnterEvent, QDragMoveEvent, QDropEvent
from qtpy.QtWidgets import QFileDialog

from chromamol import pipeline
from chromamol.pipeline import analyse
from chromamol.results.result import result_of
from chromamol.results.tables import write_table
from chromamol.results.write import _file_names
from chromamol.settings import Settings
from napari_chromamol import _batch
from napari_chromamol._batch_table import HEADINGS
from napari_chromamol._path_row import PathEdit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

    from napari_chromamol._batch_widget import BatchWidget

RUN_MS = 90_000
# As the table sorts them: '=' comes before letters.
BROKEN, FIRST, SECOND = "=1+2.tif", "cell 3.ome.tif", "dag 2/späte Zelle.ome.tif"

Run = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path, image_path: Path) -> Path:
    """Two images in nested folders, a broken one, and much that is none."""
    folder = tmp_path / "images of today"
    for name in (FIRST, SECOND):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image_path, place)
    (folder / BROKEN).write_bytes(image_path.read_bytes()[:2000])
    (folder / "notes.md").write_text("What I saw.")
    store = folder / "result.ome.zarr"
    store.mkdir()
    (store / "zarr.json").write_text(json.dumps({"attributes": {"chromamol": {}}}))
    return folder


@pytest.fixture
def out(folder: Path) -> Path:
    """A folder for the results, among the images."""
    return folder / "results"


@pytest.fixture
def widget(viewer: napari.Viewer, folder: Path, out: Path, tmp_path: Path) -> Iterator[BatchWidget]:
    """The widget, opened as the menu does, with everything chosen."""
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Batch: a folder of images")
    settings = tmp_path / "settings.yaml"
    settings.write_text("method: direct")
    widget.settings.choose(str(settings))
    widget.results.choose(str(out))
    widget.images.choose(str(folder))
    yield widget
    widget._batch.progress.cancel()
    QThreadPool.globalInstance().waitForDone(RUN_MS)


@pytest.fixture
def run(qtbot: QtBot, widget: BatchWidget) -> Run:
    """Press Run and wait for the end."""

    def press() -> None:
        click(qtbot, widget.run_button)
        qtbot.waitUntil(lambda: not widget.is_running, timeout=RUN_MS)

    return press


def click(qtbot: QtBot, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def rows(widget: BatchWidget) -> list[tuple[str, ...]]:
    model = widget.table.model()
    return [
        tuple(model.index(row, column).data() for column in range(len(HEADINGS)))
        for row in range(model.rowCount())
    ]


def statuses(widget: BatchWidget) -> dict[str, str]:
    return {name: status for name, status, *_ in rows(widget)}


def lines_of(out: Path) -> list[dict[str, str]]:
    with (out / "batch.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stands_still(started: list[Path]) -> Callable[..., Any]:
    """An analysis that comes only half through the second image, until it is cancelled."""

    def analyse_one(image: Any, *args: object, progress: Any, **options: Any) -> Any:
        started.append(image.path)
        if image.name != "späte Zelle":
            return analyse(image, *args, progress=progress, **options)
        progress.begin("fitting", 4)
        progress.advance(2)
        while True:
            time.sleep(0.01)
            progress.advance(0)

    return analyse_one


def test_a_folder_again_and_replaced(
    qtbot: QtBot,
    viewer: napari.Viewer,
    widget: BatchWidget,
    run: Run,
    request: pytest.FixtureRequest,
) -> None:
    folder, out = widget.images.path(), widget.results.path()
    qtbot.waitUntil(lambda: widget.message.text() == "3 images found.")
    assert statuses(widget) == dict.fromkeys((BROKEN, FIRST, SECOND), "waiting")
    assert not out.exists()

    run()
    doubts = "2 of 2 rate maps should not be interpreted: see the report."
    assert widget.message.text() == f"2 of 3 images done, 1 failed. {doubts}"
    table = rows(widget)
    assert [row[:2] for row in table] == [(BROKEN, "failed"), (FIRST, "ok"), (SECOND, "ok")]
    assert BROKEN in table[0][2]
    assert table[1][2].startswith("Do not believe the rate map: ")
    assert all(float(seconds) > 0 for *_, seconds in table[1:])

    # The numbers are those of an analysis of this image alone, and so are the files.
    results = out / "dag 2" / "späte Zelle"
    alone = result_of(analyse(folder / SECOND, Settings(method="direct")))
    table_alone = folder.with_name("nuclei.csv")
    write_table(table_alone, alone.nuclei_table)
    assert (results / "nuclei.csv").read_bytes() == table_alone.read_bytes()
    assert _file_names(alone) == {one.name for one in results.iterdir()}
    tables = {f"{name}.{kind}" for name in ("nuclei", "domains") for kind in ("csv", "parquet")}
    report = {"report.html", "references.bib"}
    expected = {"cell 3", "dag 2", "batch.csv", "columns.csv"} | tables | report
    assert {one.name for one in out.glob("[!.]*")} == expected
    lines = lines_of(out)
    assert [(line["image"], line["status"]) for line in lines] == [
        (f"'{BROKEN}", "failed"),
        (FIRST, "ok"),
        (SECOND, "ok"),
    ]
    assert lines[1]["reason"] == table[1][2]
    assert [line["seconds"] for line in lines] == [seconds for *_, seconds in table]

    # A double-click opens what there is.
    for row, layers in ((0, 0), (2, 9)):
        widget.table.doubleClicked.emit(widget.table.model().index(row, 0))
        qtbot.waitUntil(lambda layers=layers: len(viewer.layers) == layers, timeout=RUN_MS)
    assert widget.message.text() == f"2 of 3 images done, 1 failed. {doubts}"  # again
    result = viewer.layers[-1].metadata["chromamol"]["result"]
    assert result.record.image == "späte Zelle"
    widget.table.selectRow(0)
    assert widget.remark.toPlainText() == f"{BROKEN}: {table[0][2]}"

    request.getfixturevalue("without_figures")
    written = (results / "provenance.json").read_bytes()
    run()
    assert widget.message.text() == f"2 of 3 images done, 1 failed. {doubts}"
    assert rows(widget)[1][2].endswith(f"Tick 'Analyse all again' to redo it. {table[1][2]}")
    assert (results / "provenance.json").read_bytes() == written
    assert [line["status"] for line in lines_of(out)] == ["failed", "ok", "ok"]

    (results / "provenance.json").write_text("{}")
    widget.again.setChecked(True)
    widget.images.choose(str(folder / "dag 2"))
    run()
    assert widget.message.text().startswith("1 of 1 image done. 1 of 1 rate map should not be")
    again = out / "späte Zelle" / "provenance.json"
    assert json.loads(again.read_text(encoding="utf-8"))["result"]


@pytest.mark.usefixtures("without_figures")
def test_cancel_keeps_what_is_done(
    qtbot: QtBot,
    widget: BatchWidget,
    image_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, out = widget.images.path(), widget.results.path()
    shutil.copyfile(image_path, folder / "last.ome.tif")
    started: list[Path] = []
    monkeypatch.setattr(pipeline, "analyse", stands_still(started))
    (folder / BROKEN).unlink()
    click(qtbot, widget.run_button)
    running = (SECOND, "running", "50% fitting ...", "")
    qtbot.waitUntil(lambda: running in rows(widget), timeout=RUN_MS)
    assert widget.bar.isVisible()
    assert "method: direct does not fit the reaction length" in widget.message.text()
    qtbot.waitUntil(lambda: widget.stage.text() == "1 of 3 images")
    assert (widget.bar.value(), widget.bar.maximum()) == (1, 3)
    for part in (widget.run_button, widget.images, widget.again):
        assert not part.isEnabled()
    widget.start()
    assert started == [folder / FIRST, folder / SECOND]

    click(qtbot, widget.cancel_button)
    qtbot.waitUntil(lambda: not widget.is_running, timeout=RUN_MS)
    assert statuses(widget) == {FIRST: "ok", SECOND: "cancelled", "last.ome.tif": "waiting"}
    doubts = "1 of 1 rate map should not be interpreted: click an image to read why."
    assert widget.message.text() == f"1 of 3 images done, 1 cancelled, 1 waiting. {doubts}"
    assert [line["status"] for line in lines_of(out)] == ["ok"]
    assert (out / "cell 3" / "nuclei.csv").is_file()
    assert not (out / "dag 2").exists()
    assert widget.run_button.isEnabled()
    assert not widget.bar.isVisible()


@pytest.mark.usefixtures("without_figures")
def test_a_fault_of_the_program_does_not_stop_the_rest(
    widget: BatchWidget,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(image: Any, *args: object, **options: Any) -> Any:
        if image.name == "cell 3":
            msg = "no such thing"
            raise ZeroDivisionError(msg)
        return analyse(image, *args, **options)

    monkeypatch.setattr(pipeline, "analyse", fail)
    with caplog.at_level(logging.ERROR):
        run()
    assert statuses(widget) == {BROKEN: "failed", FIRST: "failed", SECOND: "ok"}
    assert "ZeroDivisionError: no such thing" in rows(widget)[1][2]
    assert "Traceback" in caplog.text


def test_troubles_are_sentences(
    qtbot: QtBot, widget: BatchWidget, run: Run, tmp_path: Path
) -> None:
    folder, out = widget.images.path(), widget.results.path()

    def said(row: Any, path: Path | str) -> str:
        before, known = row.edit.text(), widget.message.text()
        row.choose(str(path))
        run()
        assert widget.message.text() != known
        assert widget.run_button.isEnabled()
        words = widget.message.text()
        row.choose(before)
        return words

    qtbot.waitUntil(lambda: len(rows(widget)) == 3)
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.yaml").write_text("metod: direct")
    assert said(widget.images, "") == "Choose the folder of the images."
    assert said(widget.results, "") == "Choose a folder for the results."
    assert "is the folder of the images" in said(widget.results, folder)
    assert "No image was found in" in said(widget.images, tmp_path / "empty")
    assert "did you mean 'method'?" in said(widget.settings, tmp_path / "wrong.yaml")
    assert "nothing.yaml cannot be read" in said(widget.settings, tmp_path / "nothing.yaml")
    assert "none cannot be opened (No such file" in said(widget.images, tmp_path / "none")
    assert not out.exists()

    # The folder is looked into as soon as it is chosen.
    widget.images.choose(str(tmp_path / "empty"))
    qtbot.waitUntil(lambda: "No image was found" in widget.message.text())
    assert not rows(widget)


def test_where_nothing_can_be_written(
    widget: BatchWidget, run: Run, folder: Path, out: Path
) -> None:
    shutil.rmtree(folder / "dag 2")
    (out / "cell 3").mkdir(parents=True)
    (out / "cell 3" / "mine.txt").touch()
    run()
    assert statuses(widget) == {BROKEN: "failed", FIRST: "failed"}
    assert "is not a result of chromamol" in rows(widget)[1][2]
    assert widget.message.text() == "0 of 2 images done, 2 failed."
    (out / "batch.csv").unlink()
    (out / "batch.csv").mkdir()
    run()
    assert "cannot be written" in widget.message.text()


def test_paths_are_chosen_or_dropped_and_fit(
    qtbot: QtBot,
    widget: BatchWidget,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deep = tmp_path / "/".join(["a_folder_with_a_very_long_name_of_one_word"] * 4)
    shutil.copytree(folder, deep)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(deep))
    click(qtbot, widget.images.button)
    assert widget.images.path() == deep
    assert str(deep) in widget.images.toolTip()
    shown = super(PathEdit, widget.images.edit).displayText()
    assert "…" in shown
    qtbot.waitUntil(lambda: widget.message.text() == "3 images found.")

    widget.images.choose(str(deep / "none"))
    qtbot.waitUntil(lambda: "cannot be opened" in widget.message.text())
    assert widget.minimumSizeHint().width() <= 370

    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(folder))])
    keys = Qt.KeyboardModifier.NoModifier
    how = (Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, keys)
    for event, arrives in (
        (QDragEnterEvent(QPoint(5, 5), *how), widget.images.edit.dragEnterEvent),
        (QDragMoveEvent(QPoint(5, 5), *how), widget.images.edit.dragMoveEvent),
        (QDropEvent(QPointF(5, 5), *how), widget.images.edit.dropEvent),
    ):
        event.ignore()
        arrives(event)
        assert event.isAccepted()
    assert widget.images.path() == folder
    qtbot.waitUntil(lambda: widget.message.text() == "3 images found.")


def test_viewer_may_close_during_a_batch(
    qtbot: QtBot,
    viewer: napari.Viewer,
    widget: BatchWidget,
    image_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, out = widget.images.path(), widget.results.path()
    (folder / FIRST).unlink()
    shutil.copyfile(image_path, folder / "last.ome.tif")
    monkeypatch.setattr(pipeline, "analyse", stands_still([]))
    click(qtbot, widget.run_button)
    qtbot.waitUntil(lambda: statuses(widget).get(SECOND) == "running", timeout=RUN_MS)
    viewer.close()
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(50)
    assert [line["status"] for line in lines_of(out)] == ["failed"]


@pytest.mark.usefixtures("without_figures")
def test_the_report_is_opened(widget, run, out, qtbot, monkeypatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    assert widget.report_button.isHidden()
    widget.settings.path().write_text("method: direct\nintensity_per_fraction: 2000")
    monkeypatch.setattr(_batch, "maps_in_doubt", lambda _: "")
    run()
    done = "2 of 3 images done, 1 failed. The rate maps of this batch are exploratory"
    assert widget.message.text().startswith(done)
    assert not widget.report_button.isHidden()
    click(qtbot, widget.report_button)
    assert [one.toLocalFile() for one in opened] == [str(out / "report.html")]
