"""Errors that are the user's to mend, and what the program's exit status means."""

from __future__ import annotations

from enum import IntEnum


class InputError(ValueError):
    """An argument, a file, an option or the set-up is at fault.

    Raised where the input enters, with one line that says what was wrong, where, and what would be
    right. Every other error is a defect of the program.
    """


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
