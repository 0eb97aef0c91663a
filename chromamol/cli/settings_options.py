"""Settings from the command line: the file, then --set, then the shorthands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from chromamol.errors import CallError
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def help_for(key: str) -> str:
    """Return the sentence of the settings' declaration for one key."""
    return Settings.model_fields[key].description or ""


def settings_from(
    file: Path | None,
    assignments: Sequence[str],
    *,
    roles: str | None = None,
    columns: str | None = None,
    **others: float | str | None,
) -> Settings:
    """Build the settings of a call.

    Parameters
    ----------
    file : Path, optional
        YAML file; default: the default settings.
    assignments : sequence of str
        Each ``key=value``, the value in YAML; a later one wins.
    roles : str, optional
        ``heterochromatin=0,euchromatin=H3K27ac``: the setting `roles`.
    columns : str, optional
        ``x=x_nm,y=y_nm``: the setting `columns`.
    **others : float or str, optional
        Other settings that have an option of their own, by name.

    Raises
    ------
    CallError
        If the file cannot be read, or a key or a value is wrong.
    """
    base = Settings.from_yaml(file) if file else Settings()
    changes = dict(_assignment(text) for text in assignments)
    if roles is not None:
        channels = _pairs(roles, "--roles", "role=channel", "heterochromatin=0,euchromatin=1")
        changes["roles"] = {
            role: int(channel) if channel.isdecimal() else channel
            for role, channel in channels.items()
        }
    if columns is not None:
        changes["columns"] = _pairs(columns, "--columns", "what=name", "x=x_nm,y=y_nm")
    changes |= {key: value for key, value in others.items() if value is not None}
    return base.replace(**changes) if changes else base


def _assignment(text: str) -> tuple[str, Any]:
    """Split ``key=value`` and read the value."""
    key, equals, value = text.partition("=")
    if not equals:
        msg = f"--set needs key=value, not '{text}'. For example: --set reaction_length_nm=120"
        raise CallError(msg)
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        msg = f"The value in --set '{text}' cannot be understood. Put it in quotes if it is text."
        raise CallError(msg) from error


def _pairs(text: str, option: str, form: str, example: str) -> dict[str, str]:
    """Read ``key=value,key=value``."""
    pairs: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            msg = (
                f"{option} needs {form}, with commas between, not '{text}'. "
                f"For example: {option} {example}"
            )
            raise CallError(msg)
        if key in pairs:
            msg = f"{option} names '{key}' twice, in '{text}'. Give each of them once."
            raise CallError(msg)
        pairs[key] = value
    return pairs
