"""What can go wrong, in the two kinds that a user has to tell apart."""

from __future__ import annotations


class ChromamolError(Exception):
    """Base of every error that chromamol raises on purpose.

    The message says what was found, what was expected and what to do next;
    it is shown to the user as it is, without a traceback.
    """


class InputError(ChromamolError):
    """This image cannot be analysed (command line: exit code 1)."""


class NoImage(InputError):
    """The file is no image to be analysed, as a mask: in a folder of images it is passed by."""


class CallError(ChromamolError):
    """The call itself is wrong: an option, a setting, the output folder (exit code 2)."""


class Cancelled(ChromamolError):
    """The user asked to stop; nothing was written."""
