"""``chromamol settings``: a settings file to start from."""

from __future__ import annotations

import textwrap
from typing import Any

_WIDTH = 96


def settings() -> None:
    """Print a settings file to start from.

    Keep it and change it: chromamol settings > settings.yaml, then --settings settings.yaml
    """
    import yaml

    from chromamol.settings import Settings

    values = Settings().model_dump(mode="json")
    declared = Settings.model_json_schema()["properties"]
    print(
        "# Settings of chromamol. Delete the lines that you do not need: they keep their default."
    )
    for key, field in Settings.model_fields.items():
        options = declared[key].get("anyOf", [declared[key]])
        allowed = "; ".join(map(_allowed, options))
        print()
        for comment in (field.description or "", f"Allowed: {allowed}."):
            print(textwrap.fill(comment, _WIDTH, initial_indent="# ", subsequent_indent="# "))
        print(yaml.safe_dump({key: values[key]}, sort_keys=False), end="")


def _allowed(schema: dict[str, Any]) -> str:
    """Say in words which values a piece of JSON schema allows."""
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema["type"] in {"number", "integer"}:
        bounds = (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
        )
        limits = [f"{words} {schema[key]:.12g}" for key, words in bounds if key in schema]
        kind = "a whole number" if schema["type"] == "integer" else "a number"
        return f"{kind}, {' and '.join(limits)}" if limits else kind
    if schema["type"] == "object":
        of_roles = "propertyNames" in schema
        return "one value for each role, as {total: 0}" if of_roles else "names, as {x: x_nm}"
    plain = {
        "boolean": "true or false",
        "null": "empty (null)",
        "array": "two numbers, as [1, 2]",
        "string": "letters, as CYX",
    }
    return plain[schema["type"]]
