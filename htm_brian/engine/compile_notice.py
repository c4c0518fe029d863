"""Tells that Cython code is being compiled, why that is, and how long it took.

Without a word a first run seems to hang: compiling one piece of code takes three to twelve seconds,
and a large model has a dozen. Nothing is said where all code is found compiled. The first line
comes before the first piece: while it compiles, Brian2 keeps all output back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from brian2.codegen.runtime.cython_rt.extension_manager import (
    cython_extension_manager,
    get_cython_cache_dir,
)

_LOAD = "_load_module"
"""What Brian2's manager calls to load a piece of code, compiled first where it is not yet."""

BEGUN = "compiling this model's code; it takes up to a minute or two, once for each model"


@contextmanager
def announced(say: Callable[[str], None]) -> Iterator[None]:
    """Call `say` with a line before anything is compiled, and with another when all is over.

    Parameters
    ----------
    say : callable
        Takes one line.
    """
    load = getattr(cython_extension_manager, _LOAD, None)
    if load is None:  # another Brian2: it compiles as well without a word
        yield
        return
    took: list[float] = []

    def timed(module_path: str, *arguments: Any, **options: Any) -> Any:
        if os.path.isfile(module_path):
            return load(module_path, *arguments, **options)
        if not took:
            say(BEGUN)
        started = time.monotonic()
        try:
            return load(module_path, *arguments, **options)
        finally:
            took.append(time.monotonic() - started)

    setattr(cython_extension_manager, _LOAD, timed)
    try:
        yield
    finally:
        delattr(cython_extension_manager, _LOAD)
        if took:
            pieces = f"{len(took)} pieces" if len(took) > 1 else "1 piece"
            say(
                f"compiled {pieces} of code in {sum(took):.0f} s; kept in "
                f"{get_cython_cache_dir()}, so the next run starts at once"
            )
