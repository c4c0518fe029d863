"""Errors that are the user's to mend, and what the program's exit status means."""

from __future__ import annotations

from enum import IntEnum


class InputError(ValueError):
    """The input, an option or the set-up is at fault; the message says what, and the remedy."""


class NotFiniteError(InputError, FloatingPointError):
    """The state of a simulation is no longer finite; the message says what, where and when."""


class ExitStatus(IntEnum):
    """How a run of the program ended."""

    PASSED = 0
    """Complete, and every check holds."""
    FAILED = 1
    """Complete, and at least one check fails."""
    BAD_INPUT = 2
    """Bad usage or input, or a package is missing."""
    DEFECT = 70
    """A defect of the program; its traceback was printed."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what there was by then is kept and marked partial."""
