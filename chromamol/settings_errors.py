"""What is wrong with settings, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# What pydantic says less plainly, by the type of its error.
_IN_WORDS = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "a name",
    "dict_type": "one value for each role",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_pattern_mismatch": "2 to 5 of the letters T, Z, C, Y, X",
}


def sentences_of(error: ValidationError) -> str:
    """Say in one sentence for each setting what pydantic found.

    Parameters
    ----------
    error : pydantic.ValidationError
        Of a model whose fields are settings.
    """
    by_key: dict[str, list[ErrorDetails]] = {}
    for problem in error.errors():
        by_key.setdefault(str(problem["loc"][0]) if problem["loc"] else "", []).append(problem)
    return " ".join(_sentence(key, problems) for key, problems in by_key.items())


def _sentence(key: str, problems: list[ErrorDetails]) -> str:
    """Say what one setting may be; a union has a problem for each of its types."""
    if not key:
        return " ".join(problem["msg"].removeprefix("Value error, ") for problem in problems)
    # What is wrong inside a value says more than that its type is none of the others.
    deepest = max(len(problem["loc"]) for problem in problems)
    inner = [problem for problem in problems if len(problem["loc"]) == deepest]
    allowed = dict.fromkeys(
        _IN_WORDS.get(problem["type"], problem["msg"].removeprefix("Input should be "))
        for problem in inner
    )
    return f"Setting '{key}' cannot be {inner[0]['input']!r}: it should be {' or '.join(allowed)}."
