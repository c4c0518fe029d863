"""Silences chosen warnings of Brian2's, each by the exact start of its text, for a while.

Brian2 warns through loggers of its own. Switching a logger off would hide what is unexpected too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

ORDER_OF_EXECUTION = (
    "Came across an abstract code block that may not be well-defined: the outcome may depend on "
    "the order of execution. You can ignore this warning if you are sure that the order of "
    "operations does not matter. "
)
"""Raised for every `rand()` in a pathway: which event draws which number does depend on the order,
their distribution does not."""

TWO_CLOCKS = "Note that the synaptic pathway '{name}' will run on the clock of the group "
"""Raised where cells and branches have time steps of their own."""

_LOGGERS = (
    "brian2.codegen.generators.base",
    "brian2.synapses.synapses.synapses_dt_mismatch",
)


@contextmanager
def expected(starts: Sequence[str]) -> Iterator[None]:
    """Drop the records of Brian2's loggers whose message starts with one of `starts`."""

    def keep(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(tuple(starts))

    for name in _LOGGERS:
        logging.getLogger(name).addFilter(keep)
    try:
        yield
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(keep)
