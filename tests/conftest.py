"""Every test starts from a clean Brian2 on the numpy target, and Brian2's warnings are errors."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

from brian2.core.base import BrianObject
from brian2.core.clocks import defaultclock
from brian2.core.preferences import prefs
from brian2.devices.device import (
    get_device,
    reinit_and_delete,
    runtime_device,
    set_device,
)
from brian2.units import ms

from htm_brian.engine import fast_settings

# A first call may compile, and machines are shared: time is no reason for an example to fail.
settings.register_profile("htm_brian", deadline=None)
settings.load_profile("htm_brian")

# Tests compile much and run it briefly: without optimisation that takes a third of the time. Brian2
# finds compiled code by its source alone, so this has a folder of its own.
QUICKLY_COMPILED = ["-w", "-O0", "-std=c++11"]
COMPILED = Path(__file__).parents[1] / ".pytest_cache" / "cython"

EXTRA = Path(__file__).parent / "experiment" / "extra"

RAND_IN_ON_PRE = (
    "Came across an abstract code block that may not be well-defined: the outcome may depend on "
    "the order of execution. You can ignore this warning if you are sure that the order of "
    "operations does not matter. Abstract code: "
)


UNUSED = "was never included in a network"
"""Brian2 says so when an object that a test only looked at is collected, in this test or later."""


class _WarningRecorder(logging.Handler):
    """Collects what Brian2's logger says at level WARNING or above."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        known = message.startswith(RAND_IN_ON_PRE) and "rand()" in message
        if not known and UNUSED not in message:
            self.messages.append(f"{record.name}: {message}")


@pytest.fixture(autouse=True, scope="module")
def older_objects_are_left_alone() -> Iterator[None]:
    """Spare the collection after each test what was there before its module.

    A process that has run many tests holds so much that one whole collection takes a second. What
    is still in use when a module has ended are modules and caches: it stays frozen.
    """
    gc.collect()
    gc.freeze()
    yield


@pytest.fixture(autouse=True)
def brian2_reset() -> Iterator[None]:
    """Numpy target, default clock and device before each test; all restored after it."""
    prefs._backup()
    prefs.codegen.target = "numpy"
    prefs.codegen.cpp.extra_compile_args_gcc = QUICKLY_COMPILED
    prefs.codegen.runtime.cython.cache_dir = str(COMPILED)
    defaultclock.dt = 0.1 * ms
    yield
    if get_device() is not runtime_device:
        reinit_and_delete()
        set_device("runtime")
    elif BrianObject.__instances__():
        gc.collect()  # frees their names for the next test; half a second, so not for every test
    prefs._restore()
    defaultclock.dt = 0.1 * ms


@pytest.fixture
def quick_fast_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fast settings, too, compile without optimisation."""
    monkeypatch.setattr(fast_settings, "FLAGS", tuple(QUICKLY_COMPILED))


@pytest.fixture(autouse=True)
def brian2_warnings_are_errors(brian2_reset: None) -> Iterator[list[str]]:
    """Fail a test in which Brian2 warned; one that expects a warning clears the yielded list."""
    recorder = _WarningRecorder()
    logger = logging.getLogger("brian2")
    logger.addHandler(recorder)
    yield recorder.messages
    logger.removeHandler(recorder)
    assert not recorder.messages, "Brian2 warned:\n" + "\n".join(recorder.messages)


@pytest.fixture
def extra_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the protocols of the tests be found beside those of the package."""
    import htm_brian.figures
    import htm_brian.protocols

    for package, folder in ((htm_brian.protocols, "protocols"), (htm_brian.figures, "figures")):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(EXTRA / folder)])
