"""Cells that sleep: what cannot spike before something reaches it takes no time steps.

Of a layer some few columns are driven in an element, and about as many cells are predicted; the
rest relaxes. A neuron without a plateau whose potentials are so far below its threshold that even
noise will not take it there (`CERTAINTY`) is not stepped. When its column is driven, or one of its
branches depolarised, it wakes: the steps that it missed are done then, by its own equations, with
noise of its own and with the inhibition that the layer had meanwhile. After a sleep so long that
potentials have forgotten what they were (`FORGETTING`), the last steps will do, from rest on;
adaptation, which is slower, decays by a closed form before that. So without noise a neuron that
sleeps spikes as one that does not, and with noise it has the same distribution.
"""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from numpy.typing import NDArray

from htm_brian.cells.fluctuations import resting_system
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.arrays import raw
from htm_brian.engine.awake import AwakeList, can_catch_up
from htm_brian.mechanisms import membrane_noise
from htm_brian.mechanisms.dendrite import potential
from htm_brian.network.layer_inhibition import LayerInhibition
from htm_brian.network.sleeping_branches import SleepingBranches

Array = NDArray[np.float64]
Indices = NDArray[np.int32]

NAME = "sleeping_cells"
CERTAINTY = 6.0
"""Standard deviations of the noise that a potential must be below the threshold.

A normal variate exceeds that once in 1e9, so a neuron not once in 1e7 elements."""
FORGETTING, SETTLING, SETTLING_IN_NOISE = 12.0, 6.0, 4.0
"""Time constants of the membrane after which nothing is left of what a potential was; after which
it follows adaptation, which moves it little, from rest on; after which its variance is that of the
noise, but for 3 in 10,000."""

SLOW = "adaptation"
FAST = ("g_inhibition", "feedforward_conductance")
"""What changes by itself in a cell of level 1, beside its potentials."""
INPUTS = ("basal_conductance", "apical_conductance", "injected_current")
"""What keeps a neuron awake as long as it is not 0."""
SINCE, KEPT, BUSY = "asleep_since", "inhibition_when_asleep", "volley_until"
AWAKE = -1
"""In the place of the time step since which a neuron is asleep."""


def can_sleep(neurons: PyramidalCells) -> bool:
    """Return whether all that changes by itself in these neurons is known here."""
    known = {*(potential(name) for name in neurons.compartments), *FAST, SLOW}
    alone = neurons.method_choice == "euler" and set(neurons.equations.diff_eq_names) <= known
    return alone and can_catch_up(neurons)


def memory_of(neurons: PyramidalCells) -> tuple[int, int]:
    """Return after how many steps neurons have forgotten a potential, and have settled at rest."""
    _, matrix, _ = resting_system(neurons.parameters, neurons.equations)
    slowest = -1 / np.linalg.eigvals(matrix).real.max()
    steps = slowest / float(neurons.clock.dt_)
    noisy = membrane_noise.DEVIATION in neurons.variables
    return int(FORGETTING * steps), int((SETTLING_IN_NOISE if noisy else SETTLING) * steps)


class SleepingCells(BrianObject):
    """Keeps the list of the neurons that are stepped, and brings those that wake to the present.

    Parameters
    ----------
    neurons : PyramidalCells
        Of level 1, integrated by Euler's method.
    cells : NeuronGroup
        The HTM cells that they stand for, each by the same number of neurons.
    inhibition : LayerInhibition
        Which reaches neurons that sleep, too.
    clock : Clock
        Of the branches.

    Attributes
    ----------
    awake : AwakeList
    branches : SleepingBranches
        What drives the cells; set by the layer, which may make its dendrites anew.
    """

    branches: SleepingBranches

    def __init__(
        self,
        neurons: PyramidalCells,
        cells: NeuronGroup,
        inhibition: LayerInhibition,
        clock: Clock,
    ) -> None:
        # After the branches have driven the cells.
        super().__init__(clock=clock, when="end", order=1, name=NAME)
        self._neurons, self._cells, self._inhibition = neurons, cells, inhibition
        self._each = np.arange(len(neurons) // len(cells), dtype=np.int32)
        neurons.variables.add_array(SINCE, size=len(neurons), dtype=np.int64)
        neurons.variables.add_array(KEPT, size=len(neurons))
        neurons.variables.add_array(BUSY, size=len(neurons))
        raw(neurons, SINCE)[:] = AWAKE
        self.awake = AwakeList(neurons)
        self._potentials = [potential(name) for name in neurons.compartments]
        self._remembered, self._settled = memory_of(neurons)

    def run(self) -> None:
        """Wake the neurons that their branches drive."""
        if self.awake.in_force:
            owners = self.branches.owners()
            driven = owners[raw(self._cells, "basal_conductance")[owners] != 0]
            # Of an ensemble some neurons may sleep, and others not.
            since = raw(self._neurons, SINCE).reshape(-1, len(self._each))
            asleep = (since[driven] != AWAKE).any(axis=1)
            if asleep.any():
                self._wake(self._of_cells(np.unique(driven[asleep])), self._next_step())

    def next_element(self, driven: NDArray[np.integer], until: float) -> None:
        """Wake the neurons of these cells; let those sleep to which nothing is to happen.

        Parameters
        ----------
        driven : ndarray of int
            Cells that get a volley.
        until : float
            Seconds: when the volley is over, and the inhibition that it recruits. Until then they
            stay awake.
        """
        neurons = self._of_cells(driven.astype(np.int32))
        raw(self._neurons, BUSY)[neurons] = until
        if self.awake.in_force:
            awake = self.awake.members
            others = np.setdiff1d(awake, neurons, assume_unique=True)
            sleeping = others[self._quiet(others)]
            raw(self._neurons, SINCE)[sleeping] = self._step()
            raw(self._neurons, KEPT)[sleeping] = raw(self._neurons, "g_inhibition")[sleeping]
            self.awake.set(np.setdiff1d(awake, sleeping, assume_unique=True))
        # A state may have been restored that has sleepers.
        self._wake(neurons, self._step())

    def wake_reached(self) -> None:
        """Wake neurons that have got an input from outside the layer; between two runs."""
        inputs = [raw(self._neurons, name) for name in INPUTS if name != "basal_conductance"]
        reached = np.flatnonzero(functools.reduce(np.logical_or, inputs))
        self._wake(reached.astype(np.int32), self._step())

    def wake(self) -> None:
        """Bring every neuron to the present; between two runs."""
        self._wake(np.arange(len(self._neurons), dtype=np.int32), self._step())

    def _of_cells(self, cells: Indices) -> Indices:
        return np.asarray(cells[:, None] * len(self._each) + self._each, dtype=np.int32).ravel()

    def _step(self) -> int:
        """Return the neurons' time step: the next, or in a run the one that is due."""
        return int(raw(self._neurons.clock, "timestep")[0])

    def _next_step(self) -> int:
        """Return the neurons' step after that of the branches; both need not be due."""
        own, theirs = self.clock, self._neurons.clock
        late = float(raw(theirs, "t")[0] - raw(own, "t")[0])
        return self._step() + int(late < 0.01 * min(float(own.dt_), float(theirs.dt_)))

    def _shared(self, name: str) -> float:
        return float(raw(self._neurons, name).item())

    def _quiet(self, chosen: Indices) -> NDArray[np.bool_]:
        """Return which of these neurons will spike only if something reaches them."""

        def values(name: str) -> Array:
            array = raw(self._neurons, name)
            return array[chosen] if len(array) == len(self._neurons) else array

        # A neuron that noise has taken below rest comes back.
        at_most = [values("resting_potential"), *(values(name) for name in self._potentials)]
        highest = functools.reduce(np.maximum, at_most)
        force = values("feedforward_reversal_potential") - values("resting_potential")
        # What the rest of a volley can do is less than it would do to an unloaded compartment.
        rise = values("feedforward_conductance") * force / values("proximal_leak_conductance")
        margin = 0.0
        if membrane_noise.DEVIATION in self._neurons.variables:
            margin = CERTAINTY * self._shared("membrane_noise_standard_deviation")
        quiet = highest + rise < values("spike_threshold") - margin
        until_burst = values("burst_spike_due") - float(raw(self._neurons.clock, "t")[0])
        quiet &= np.abs(until_burst) > self._shared("burst_interval")
        quiet &= values(BUSY) <= float(raw(self._neurons.clock, "t")[0])
        for name in INPUTS:
            quiet &= values(name) == 0
        return np.asarray(quiet)

    def _wake(self, chosen: Indices, now: int) -> None:
        """Let those of these neurons that sleep do the steps that they missed, up to `now`."""
        since = raw(self._neurons, SINCE)
        waking = chosen[since[chosen] != AWAKE]
        if len(waking) == 0:
            return
        awake = self.awake.members
        begin = since[waking]
        long, settling = begin < now - self._remembered, now - self._settled
        self._begin_at_rest(waking[long], settling)
        begin[long] = settling
        remembered = waking[~long]
        raw(self._neurons, "g_inhibition")[remembered] = raw(self._neurons, KEPT)[remembered]
        # What has just woken them comes from now on.
        inputs = [raw(self._neurons, name) for name in INPUTS]
        woken_by = [values[waking] for values in inputs]
        for values in inputs:
            values[waking] = 0.0
        self._catch_up(waking, begin, now)
        for values, value in zip(inputs, woken_by, strict=True):
            values[waking] = value
        since[waking] = AWAKE
        self.awake.set(np.union1d(awake, waking))

    def _begin_at_rest(self, chosen: Indices, begin: int) -> None:
        """Put neurons that have slept for long to where they were at the step `begin`."""
        neurons = self._neurons
        dt = float(neurons.clock.dt_)
        slept = begin - raw(neurons, SINCE)[chosen]
        for name in self._potentials:
            raw(neurons, name)[chosen] = self._shared("resting_potential")
        # As Euler's method has it, step by step.
        raw(neurons, SLOW)[chosen] *= (1 - dt / self._shared("adaptation_time_constant")) ** slept
        raw(neurons, "feedforward_conductance")[chosen] = 0.0
        raw(neurons, "g_inhibition")[chosen] = 0.0
        steps = [step for step in self._inhibition.steps() if step < begin]
        if steps:
            fall = 1 - dt / self._shared("inhibition_time_constant")
            left = self._inhibition.conductance * fall ** (begin - steps[-1] - 1)
            raw(neurons, "g_inhibition")[chosen] = left

    def _catch_up(self, waking: Indices, begin: NDArray[np.int64], now: int) -> None:
        """Step these neurons alone, each from its step `begin` on, to before the step `now`."""
        order = np.argsort(begin, kind="stable")
        waking, begin = waking[order], begin[order]
        # Inhibition acts at the end of its step.
        inhibited = {step + 1 for step in self._inhibition.steps()}
        stops = {now, *begin.tolist(), *inhibited}
        for step, until in pairwise(sorted(stop for stop in stops if begin[0] <= stop <= now)):
            self._inhibit(waking[: np.searchsorted(begin, step)], step in inhibited)
            self.awake.set(waking[: np.searchsorted(begin, step, side="right")])
            self.awake.catch_up(step, until)
        self._inhibit(waking[: np.searchsorted(begin, now)], now in inhibited)

    def _inhibit(self, chosen: Indices, now: bool) -> None:
        if now:
            raw(self._neurons, "g_inhibition")[chosen] = self._inhibition.conductance
