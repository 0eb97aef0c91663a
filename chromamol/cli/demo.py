"""``chromamol demo``: see what comes out, on the images that ship with chromamol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.watch import watched
from chromamol.cli.words import printable, say


def demo(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for the results; earlier ones are replaced."),
    ] = Path("chromamol-demo"),
) -> None:
    """Analyse a real nucleus and a simulated one.

    Both ship with chromamol; the true rates of the simulated one are known.
    """
    from chromamol.cli.summary import tell
    from chromamol.demo import DEMO_CASES, run_case
    from chromamol.results.folders import check_folder

    for case in DEMO_CASES:
        check_folder(out / case.folder, overwrite=True)
    for case in DEMO_CASES:
        folder = out / case.folder
        with watched(case.folder) as progress:
            done = run_case(case, folder, progress)
        say(case.story)
        tell(done.analysis, folder)
        if done.relative_l2_error is not None:
            say(
                f"Against the truth: the inferred rates differ from the true ones by "
                f"{100 * done.relative_l2_error:.1f} % (relative L2 error "
                f"{done.relative_l2_error:.3f}); figure.png shows both side by side."
            )
            say()
    say("Look at figure.png of each first. Everything is in")
    print(f"  {printable(str(out.resolve()))}")
    say("Next, your own image: chromamol info IMAGE, then chromamol run IMAGE -o results")
