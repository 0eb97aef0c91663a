"""Maps of the ratio of histone methylation to acetylation rate from images of cell nuclei."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chromamol.images.read import read_image
    from chromamol.inference.infer import infer_rates
    from chromamol.inference.rate_map import RateMap
    from chromamol.mollifiers.layer import MollifierLayer
    from chromamol.pipeline import analyse
    from chromamol.settings import Settings

__version__ = "0.1.0"
__all__ = [
    "MollifierLayer",
    "RateMap",
    "Settings",
    "__version__",
    "analyse",
    "infer_rates",
    "read_image",
]

# What is logged is for those who ask for it; a user hears sentences.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# Resolved on first use (PEP 562), so that `import chromamol` stays instant.
_HOMES = {
    "MollifierLayer": "chromamol.mollifiers.layer",
    "RateMap": "chromamol.inference.rate_map",
    "Settings": "chromamol.settings",
    "analyse": "chromamol.pipeline",
    "infer_rates": "chromamol.inference.infer",
    "read_image": "chromamol.images.read",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home module."""
    if name not in _HOMES:
        msg = f"module 'chromamol' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
