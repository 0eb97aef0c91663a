"""Ctrl-C while the files are being written: a sentence, exit code 130, nothing left."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .conftest import results_in

# Waits when the first file of the result is there; SIGINT may be ignored where tests run.
SLOW_WRITER = """
import signal, sys, time
import chromamol.results.write as write
from chromamol.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
write_store = write.write_store
def slowly(path, analysis):
    write_store(path, analysis)
    print("half", path.parent.name, flush=True)
    time.sleep(60)
write.write_store = slowly
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
def test_ctrl_c_leaves_nothing_half_written(image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    command = ("-c", SLOW_WRITER, "run", str(image), "-o", str(out), "--nuclei", str(mask))
    command += ("--set", "method=direct")
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("half")
        assert any(".partial" in entry.name for entry in out.iterdir())
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=30)
    assert running.returncode == 130
    assert complaint == "Stopped; nothing half-written was left behind.\n"
    assert not results_in(out)


def test_a_failure_in_a_real_process_has_no_traceback(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chromamol", "info", "none.tif"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "There is no file none.tif. Check the name and the folder.\n"


def test_a_reader_that_goes_away_is_no_error(tmp_path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "chromamol", "settings"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        complaint = running.stderr.read() if running.stderr else ""
    assert "Traceback" not in complaint
    assert "Unexpected" not in complaint
