"""Tells that Cython code is being compiled, why that is, and how long it took.

Without a word a first run seems to hang: compiling one piece of code takes three to twelve seconds,
and a large model has a dozen. Nothing is said where all code is found compiled.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from brian2.codegen.runtime.cython_rt.extension_manager import (
    cython_extension_manager,
    get_cython_cache_dir,
)

PATIENCE = 4.0
"""Seconds of compiling after which something is said."""

_LOAD = "_load_module"
"""What Brian2's manager calls to load a piece of code, compiled first where it is not yet."""

BEGUN = "compiling this model's code; it takes up to a minute or two, once for each model"


@contextmanager
def announced(say: Callable[[str], None], patience: float = PATIENCE) -> Iterator[None]:
    """Call `say` with a line when compiling takes longer than `patience`, and when it is over.

    Parameters
    ----------
    say : callable
        Takes one line; the first may come from another thread.
    patience : float
        In seconds.
    """
    load = getattr(cython_extension_manager, _LOAD, None)
    if load is None:  # another Brian2: it compiles as well without a word
        yield
        return
    teller = _Teller(say, patience)

    def timed(module_path: str, *arguments: Any, **options: Any) -> Any:
        if os.path.isfile(module_path):
            return load(module_path, *arguments, **options)
        with teller.compiling():
            return load(module_path, *arguments, **options)

    setattr(cython_extension_manager, _LOAD, timed)
    try:
        yield
    finally:
        delattr(cython_extension_manager, _LOAD)
        teller.end()


class _Teller:
    """Adds up what compiling takes."""

    def __init__(self, say: Callable[[str], None], patience: float) -> None:
        self._say = say
        self._patience = patience
        self._seconds = 0.0
        self._pieces = 0
        self._said = threading.Event()

    @contextmanager
    def compiling(self) -> Iterator[None]:
        alarm = threading.Timer(max(0.0, self._patience - self._seconds), self._begin)
        alarm.daemon = True
        alarm.start()
        started = time.monotonic()
        try:
            yield
        finally:
            alarm.cancel()
            self._seconds += time.monotonic() - started
            self._pieces += 1

    def end(self) -> None:
        if self._said.is_set():
            self._say(
                f"compiled {self._pieces} pieces of code in {self._seconds:.0f} s; they are kept "
                f"in {get_cython_cache_dir()}, so the next run starts at once"
            )

    def _begin(self) -> None:
        if not self._said.is_set():
            self._said.set()
            self._say(BEGUN)
