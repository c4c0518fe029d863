"""Errors that are the user's to mend, and what the program's exit status means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum

MOST_SHOWN = 12
"""Names that a message lists; of more it says how many."""


class InputError(ValueError):
    """An argument, a file, an option or the set-up is at fault.

    Raised where the input enters, with one line that says what was wrong, where, and what would be
    right. Every other error is a defect of the program.
    """


class NotFiniteError(InputError, FloatingPointError):
    """The state of a simulation is no longer finite; the message says what, where and when."""


def mistake_behind(error: BaseException) -> InputError | None:
    """Return the user's mistake that an error stands for, None where it is none.

    What is found while Brian2 prepares a run reaches the caller inside of an error of Brian2's,
    over many lines; its cause is the one line that tells what to mend.

    Parameters
    ----------
    error : BaseException
        As it was caught.

    Returns
    -------
    InputError or None
        The nearest among its causes.

    Examples
    --------
    >>> error = RuntimeError("in synapses_1:")
    >>> error.__cause__ = InputError("sites must be at least 1, got 0")
    >>> str(mistake_behind(error))
    'sites must be at least 1, got 0'
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InputError):
        cause = cause.__cause__
    return cause


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


def did_you_mean(word: str, known: Iterable[str], what: str = "known") -> str:
    """Return the end of a message about an unknown name: the nearest known one, else the list.

    Parameters
    ----------
    word : str
        What was given.
    known : iterable of str
        What would be right.
    what : str
        What stands before the list.

    Returns
    -------
    str
        It begins with a semicolon.

    Examples
    --------
    >>> did_you_mean("sma", ["spike", "soma"])
    '; did you mean soma?'
    >>> did_you_mean("xyz", ["spike", "soma"])
    '; known: soma, spike'
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1)
    if not close:
        folded = {name.casefold(): name for name in names}
        close = [folded[match] for match in difflib.get_close_matches(word.casefold(), folded, n=1)]
    if close:
        return f"; did you mean {close[0]}?"
    return f"; {what}: {listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Return names in their order with commas between, the first dozen of many.

    Parameters
    ----------
    names : iterable of str
        In any order.

    Returns
    -------
    str
        On one line.
    """
    every = list(names)
    if len(every) <= MOST_SHOWN:
        return ", ".join(every)
    return f"{', '.join(every[:MOST_SHOWN])} and {len(every) - MOST_SHOWN} more"
