"""Run the command line with ``python -m chromamol``."""

from __future__ import annotations

from chromamol.cli import main

if __name__ == "__main__":
    main()
