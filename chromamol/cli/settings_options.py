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
    roles: str | None,
    pixel_size_nm: float | None,
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
    pixel_size_nm : float, optional
        The setting `pixel_size_nm`, nm.

    Raises
    ------
    CallError
        If the file cannot be read, or a key or a value is wrong.
    """
    base = Settings.from_yaml(file) if file else Settings()
    changes = dict(_assignment(text) for text in assignments)
    if roles is not None:
        changes["roles"] = _roles(roles)
    if pixel_size_nm is not None:
        changes["pixel_size_nm"] = pixel_size_nm
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


def _roles(text: str) -> dict[str, int | str]:
    """Read ``role=channel,role=channel``."""
    roles: dict[str, int | str] = {}
    for part in text.split(","):
        role, equals, channel = (piece.strip() for piece in part.partition("="))
        if not (role and equals and channel):
            msg = (
                f"--roles needs role=channel, with commas between, not '{text}'. "
                "For example: --roles heterochromatin=0,euchromatin=1"
            )
            raise CallError(msg)
        if role in roles:
            msg = f"--roles names '{role}' twice, in '{text}'. Give each role one channel."
            raise CallError(msg)
        roles[role] = int(channel) if channel.isdecimal() else channel
    return roles
