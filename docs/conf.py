"""Settings of the documentation: sphinx-build docs docs/_build."""

from __future__ import annotations

import sys
from pathlib import Path

import chromamol

sys.path.insert(0, str(Path(__file__).parent))  # the extension `reference_pages`

project = "chromamol"
author = "chromamol developers"
copyright = "2026, chromamol developers"  # noqa: A001 (the name is Sphinx's)
version = release = chromamol.__version__

extensions = [
    "myst_parser",
    "reference_pages",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "examples"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"

html_theme = "furo"
html_title = f"chromamol {version}"
