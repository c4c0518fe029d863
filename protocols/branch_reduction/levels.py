"""The same conditions on cells of level 2 and of level 1: synapses, volleys, pulses, electrodes.

A condition is a cell. Strengths of volleys and pulses are in units of the level: synapses, or
siemens; amperes. `smallest` finds what just fires the resting cell, so that levels can be compared
at multiples of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
from brian2 import (
    Network,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    second,
    siemens,
)
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import input_conductance
from htm_brian.electrophysiology.stimulation import Stimulus, evenly, stimulate
from htm_brian.engine.compiling import uncompiled
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import play, run_watched
from htm_brian.fitting import resting
from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.parameters import Model

PULSE = 5.0
VOLLEY = 8.0
"""ms; length of a somatic pulse, and of a volley at level 2."""

SETTLED = 160.0
"""ms; by then a holding current has settled. Times of a condition count from there."""

SAMPLE = 0.5
FIRES_WITHIN = 40.0
FULL = "conductance_pre : siemens (summed)"


@dataclass(frozen=True)
class Condition:
    """What one cell gets; times in ms.

    Attributes
    ----------
    synapses, branches : int
        As many synapses on each of as many branches.
    tuft : bool
        Whether the branches are of the tuft.
    at, spread : float
        When the first synapse fires, and over which time they all do, evenly.
    volley, pulse : float
        Strengths, from time 0 on.
    hold : float
        Depolarisation of the resting soma by a constant current, mV.
    """

    synapses: int = 0
    branches: int = 1
    tuft: bool = False
    at: float = 0.0
    spread: float = 0.0
    volley: float = 0.0
    pulse: float = 0.0
    hold: float = 0.0

    def times(self) -> NDArray[np.float64]:
        """Return when the synapses of a branch fire."""
        return evenly(self.at, self.spread, self.synapses)


@dataclass(frozen=True)
class Responses:
    """What the cells did: potentials in mV above those at time 0, of shape (n_cells, n_times).

    `spikes` are in ms, like `time`, which begins at 0.
    """

    time: NDArray[np.float64]
    soma: NDArray[np.float64]
    branch: NDArray[np.float64]
    spikes: list[NDArray[np.float64]]


def currents(
    conditions: Sequence[Condition],
    holding: Callable[[float], float],
    step: float,
    before: float,
    duration: float,
) -> NDArray[np.float64]:
    """Return holding currents and pulses in amperes, of shape (n_steps, n_cells).

    `holding` returns the current that holds a cell so many volts above rest.
    """
    time = np.arange(round((before + duration) / step)) * step - before
    pulse = (time > -step / 2) & (time < PULSE - step / 2)
    return np.array([holding(1e-3 * c.hold) + c.pulse * pulse for c in conditions]).T


def cut(
    time: NDArray[np.float64],
    soma: NDArray[np.float64],
    branch: NDArray[np.float64],
    spikes: Sequence[NDArray[np.float64]],
    before: float,
) -> Responses:
    """Return responses from traces (s, mV) that begin `before` ms earlier."""
    shifted = 1e3 * time - before
    first = int(np.searchsorted(shifted, -1e-6))
    return Responses(
        shifted[first:],
        soma[:, first:] - soma[:, first : first + 1],
        branch[:, first:] - branch[:, first : first + 1],
        [1e3 * np.asarray(train) - before for train in spikes],
    )


@dataclass
class Biophysical:
    """Cells of level 2; a volley is in synapses of the soma, spread over `VOLLEY`."""

    model: Model
    time_step: Quantity
    volleys: tuple[float, float] = (10.0, 600.0)
    pulses: tuple[float, float] = (0.3e-9, 6e-9)

    def run(
        self,
        conditions: Sequence[Condition],
        duration: float,
        progress: Progress,
        description: str,
        before: float = SETTLED,
    ) -> Responses | None:
        """Run a cell for each condition."""
        stimulus = Stimulus(len(conditions))
        for cell, condition in enumerate(conditions):
            for number in range(condition.branches):
                place = tree.outermost(self.model, "tuft" if condition.tuft else "basal", number)
                stimulus.glutamate(cell, place, 1e-3 * (before + condition.times()))
            times = evenly(before, VOLLEY, round(condition.volley))
            stimulus.synapses(cell, on_glutamate("soma"), 1e-3 * times)
        step = float(self.time_step / ms)
        stimulus.currents["soma"] = currents(
            conditions,
            cache(partial(resting.holding_current, self.model)),
            step,
            before,
            duration,
        )
        outer = tree.outermost(self.model, "basal")
        traces = stimulate(
            self.model,
            stimulus,
            (before + duration) * ms,
            self.time_step,
            progress,
            record=("v", f"v_{outer}"),
            sample=max(1, round(SAMPLE / step)),
            description=description,
        )
        if not traces.complete:
            return None
        return cut(
            traces.time, traces.potential("soma"), traces.potential(outer), traces.spikes, before
        )


@dataclass
class Reduced:
    """Cells of level 1; a volley is a conductance in siemens. Synapses count for `window` ms.

    The soma's depolarisation lowers the threshold of basal branches, not of the far tuft's.
    """

    model: Model
    time_step: Quantity
    window: float = 30.0
    volleys: tuple[float, float] = (5e-9, 1.2e-6)
    pulses: tuple[float, float] = (0.3e-9, 12e-9)
    parts: list[object] = field(default_factory=list, init=False, repr=False)

    def run(
        self,
        conditions: Sequence[Condition],
        duration: float,
        progress: Progress,
        description: str,
        before: float = SETTLED,
    ) -> Responses | None:
        """Run a cell for each condition."""
        with uncompiled():
            cells = PyramidalCells(len(conditions), self.model, dt=self.time_step)
            self.parts = [cells, *self._inject(cells, conditions, before, duration)]
            for tuft in (False, True):
                self.parts += self._branches(cells, conditions, tuft, before)
            self.parts += self._volleys(cells, conditions, before)
            traces = StateMonitor(cells, ["v", "v_basal"], record=True, dt=SAMPLE * ms)
            spikes = SpikeMonitor(cells, "last_spike_time")
            network = Network(*self.parts, traces, spikes)
            if not run_watched(network, (before + duration) * ms, progress, description):
                return None
        trains = spikes.values("last_spike_time")
        return cut(
            np.asarray(traces.t / second),
            1e3 * np.asarray(traces.v),
            1e3 * np.asarray(traces.v_basal),
            [np.asarray(trains[cell]) for cell in range(len(conditions))],
            before,
        )

    def _inject(
        self, cells: PyramidalCells, conditions: Sequence[Condition], before: float, duration: float
    ) -> list[object]:
        step = float(self.time_step / ms)
        conductance = float(input_conductance(self.model))
        values = currents(conditions, lambda hold: hold * conductance, step, before, duration)
        return [play(cells, {"injected_current": values}, self.time_step)]

    def _branches(
        self, cells: PyramidalCells, conditions: Sequence[Condition], tuft: bool, before: float
    ) -> list[object]:
        """Return branches, their synapses, and what ties them to their owners."""
        owners, times = [], []
        for cell, condition in enumerate(conditions):
            if condition.synapses and condition.tuft == tuft:
                owners += [cell] * condition.branches
                times += [1e-3 * (before + condition.times())] * condition.branches
        if not owners:
            return []
        branches = DendriticBranches(len(owners), self.model, clock=cells.clock)
        place = "apical" if tuft else "basal"
        axis = Synapses(branches, cells, f"{place}_conductance_post = {FULL}")
        axis.connect(i=np.arange(len(owners)), j=owners)
        made: list[object] = [branches, axis]
        if not tuft:  # which is far from the soma
            telling = Synapses(
                cells,
                branches,
                "owner_depolarisation_post = v_pre - resting_potential_pre : volt (summed)",
            )
            telling.connect(i=owners, j=np.arange(len(owners)))
            made.append(telling)
        every = np.concatenate(times)
        sources = SpikeGeneratorGroup(
            len(every), np.arange(len(every)), every * second, clock=cells.clock
        )
        synapses = Synapses(
            sources,
            branches,
            on_pre={
                "release": on_release(self.model),
                "withdraw": "tally_post -= 1; potential_tally_post -= 1",
            },
            delay={"release": 0 * ms, "withdraw": self.window * ms},
            clock=cells.clock,
        )
        targets = np.repeat(np.arange(len(owners)), [len(some) for some in times])
        synapses.connect(i=np.arange(len(every)), j=targets)
        return [*made, sources, synapses]

    def _volleys(
        self, cells: PyramidalCells, conditions: Sequence[Condition], before: float
    ) -> list[object]:
        n = len(conditions)
        source = SpikeGeneratorGroup(1, [0], [before] * ms, clock=cells.clock)
        volleys = Synapses(
            source,
            cells,
            "strength : siemens",
            on_pre="feedforward_conductance_post += strength",
            clock=cells.clock,
        )
        volleys.connect(i=np.zeros(n, int), j=np.arange(n))
        volleys.strength = np.array([c.volley for c in conditions]) * siemens
        return [source, volleys]


def smallest(
    level: Biophysical | Reduced, progress: Progress, whole_volleys: bool
) -> tuple[float, float] | None:
    """Return the smallest volley and pulse that fire a resting cell within `FIRES_WITHIN`.

    Parameters
    ----------
    level : Biophysical or Reduced
        The cells.
    progress : Progress
        Told how far it is.
    whole_volleys : bool
        Whether volleys are whole numbers.
    """
    ends = {"volley": level.volleys, "pulse": level.pulses}
    for scan in range(2):
        tried = {name: np.geomspace(*pair, 40) for name, pair in ends.items()}
        if whole_volleys:
            tried["volley"] = np.unique(np.round(tried["volley"]))
        conditions = [Condition(volley=float(strength)) for strength in tried["volley"]]
        conditions += [Condition(pulse=float(strength)) for strength in tried["pulse"]]
        found = level.run(conditions, FIRES_WITHIN, progress, f"what fires a cell, {scan}", 5.0)
        if found is None:
            return None
        fired = np.array([len(train) > 0 for train in found.spikes])
        for name, begin in (("volley", 0), ("pulse", len(tried["volley"]))):
            here = fired[begin : begin + len(tried[name])]
            if not here.any():
                raise InputError(f"no {name} up to {tried[name][-1]:g} fires {level.model.name}")
            at = max(int(np.argmax(here)), 1)
            ends[name] = float(tried[name][at - 1]), float(tried[name][at])
    return ends["volley"][1], ends["pulse"][1]
