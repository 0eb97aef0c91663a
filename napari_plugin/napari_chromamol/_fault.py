"""What a user hears of an error that nobody foresaw."""

from __future__ import annotations


def fault(error: Exception) -> str:
    """Say that the program failed, and what to do."""
    return (
        f"chromamol failed ({type(error).__name__}: {error}). This is a fault of the program: "
        "please report it, with the details or the messages in the terminal."
    )
