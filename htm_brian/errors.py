"""Errors that are the user's to mend: shown as one line, without a traceback."""

from __future__ import annotations


class InputError(ValueError):
    """The input, an option or the set-up is at fault; the message says what, and the remedy."""
