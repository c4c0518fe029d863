"""Run a Brian2 network: tell how far it is, stop when asked, guard its state, play currents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
from brian2 import Network, NetworkOperation, NeuronGroup, Quantity, ms
from numpy.typing import NDArray

from htm_brian.engine.arrays import raw
from htm_brian.engine.finite import FiniteGuard
from htm_brian.experiment.progress import Progress

STRETCHES = 10
GUARD = 5 * ms
"""From one look at whether the state is finite to the next; some 0.2 % of the time of a run."""


def run_watched(
    network: Network,
    duration: Quantity,
    progress: Progress,
    description: str,
    guarded: Collection[NeuronGroup] = (),
) -> bool:
    """Run a network in one go, and tell its progress; return whether it was not stopped.

    Several runs would each prepare the code of all objects, which takes as long as hundreds of
    milliseconds of a cell of level 2.

    Parameters
    ----------
    network : Network
        It keeps what is added to it here: run it once.
    duration : Quantity
        Of the simulation.
    progress : Progress
        Told of every tenth.
    description : str
        For the progress bar.
    guarded : collection of NeuronGroup
        Groups whose state must stay finite.

    Raises
    ------
    NotFiniteError
        If the state of a guarded group does not stay finite.
    """
    progress.begin(description, STRETCHES)
    begun = False

    def watch() -> None:
        nonlocal begun
        if begun:
            progress.advance()
        begun = True
        if progress.interrupted:
            network.stop()

    network.add(NetworkOperation(watch, dt=duration / STRETCHES, when="end"))
    for group in guarded:
        network.add(FiniteGuard(group, dt=max(GUARD, group.clock.dt)))
    # The guard tells what is not finite; sigmoids of the potential may overflow without harm.
    quiet: Literal["ignore"] | None = "ignore" if guarded else None
    with np.errstate(over=quiet, invalid=quiet):
        network.run(duration, namespace={})
    progress.advance()
    return not progress.interrupted


def play(
    group: NeuronGroup, courses: Mapping[str, NDArray[np.float64]], dt: Quantity
) -> NetworkOperation:
    """Return what gives variables of a group new values every `dt`, and the last ones for ever.

    Parameters
    ----------
    group : NeuronGroup
        Whose variables they are.
    courses : mapping of str to ndarray of shape (n_steps,) or (n_steps, n_cells)
        In SI units, by variable.
    dt : Quantity
        From one value to the next.
    """
    step = 0

    def act() -> None:
        nonlocal step
        for name, values in courses.items():
            raw(group, name)[:] = values[min(step, len(values) - 1)]
        step += 1

    return NetworkOperation(act, dt=dt, when="start")
