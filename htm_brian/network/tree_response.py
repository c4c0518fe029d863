"""What a layer must know of a cell of level 2, measured on that cell: volley, lead, threshold.

Nothing here is chosen for a task. Single cells of the model get what a cell of the layer gets, and
from their first spikes follow, in this order:

==================  ================================================================================
`volley`            conductance of each spike of a relay cell: the smallest that fires a resting
                    cell, times the largest of `STRENGTHS` with which a full plateau leads by more
                    than inhibition takes, though its cell fired in the element before; of a cell
                    that adapts too much for that, the largest with which a full plateau of a cell
                    at rest leads by `MARGIN` times as much
`silenced_until`    latest time after the volley at which a pulse of the interneuron keeps a resting
                    cell silent, however large it is
`pulse`             conductance that the interneuron opens: the smallest of `PULSES` that keeps a
                    resting cell silent whenever it comes before then, times `PULSE_MARGIN`; a
                    larger one would leave the cell hyperpolarised for the next element
`window`            until when a first spike recruits inhibition: halfway between that predicted
                    cell and a resting one, or earlier if the pulse would come too late
`threshold`         fewest synapses whose cell spikes within the window
`plateau_level`     potential of a branch, when the volley comes, between that of `threshold`
                    synapses and that of one less
==================  ================================================================================

What follows `silenced_until` is measured with the inhibition of branches that ends old plateaus
(`htm_brian.network.branch_inhibition`) in the element before, when synapses have just come. That of
the present element is left out: it waits for the last column, so it comes late for most.

Synapses arrive together at the end of one basal branch. They come as long before the volley as they
do in a sequence: when predicted cells have fired in the element before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from brian2.units import ms, mV, second
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.mechanisms.dendrite import potential
from htm_brian.network.branch_inhibition import inhibition_of
from htm_brian.network.column_race import latency_of
from htm_brian.parameters import Model
from htm_brian.parameters.by_numbers import ByNumbers

Array = NDArray[np.float64]

STRENGTHS = (2.0, 1.7, 1.4, 1.2, 1.1, 1.05)
"""Of the volley, in smallest ones that fire a resting cell; those of protocol `prediction_lead`."""
MARGIN = 1.5
"""Lead of a cell with a full plateau, over the least lead with which it silences its column."""
PULSES = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240)
"""Of inhibition, in nanosiemens."""
ROUNDS = 2
"""Of measuring the window, from the second on with branches inhibited at its end."""
PULSE_MARGIN = 1.4
"""As `prediction_lead` takes a volley of 1.4 times what fires the cell."""
MOST_VOLLEY = 100
"""Unitary conductances of each spike of a relay cell, at most."""
REST = 30e-3
"""Seconds before anything happens."""
AFTER = 40e-3
"""Seconds after a volley that are looked at."""
PULSE_STEP = 0.25e-3


@dataclass(frozen=True)
class TreeResponse:
    """How a cell of level 2 answers in a layer.

    Attributes
    ----------
    volley : float
        Unitary AMPA conductances at the soma for each spike of a relay cell.
    strength : float
        Of the volley, in smallest ones that fire a resting cell.
    resting : float
        Seconds from the volley to the first spike of a resting cell.
    latency : ndarray of shape (most_synapses + 1,)
        The same of a cell that so many synapses predict.
    branch : ndarray of shape (most_synapses + 1,)
        Potential of their branch when the volley comes, volts.
    silenced_until, window : float
        Seconds after the volley; see the module.
    pulse : float
        Siemens.
    threshold : int
        Synapses.
    plateau_level : float
        Volts.
    """

    volley: float
    strength: float
    resting: float
    latency: Array
    branch: Array
    silenced_until: float
    window: float
    pulse: float
    threshold: int
    plateau_level: float

    @property
    def lead(self) -> Array:
        """By how many seconds each number of synapses advances the first spike."""
        return np.asarray(self.resting - self.latency)


def tree_response(cell: Model, network: Model, most_synapses: int) -> TreeResponse:
    """Measure a cell as the layer of `network` uses it, once for equal models.

    Parameters
    ----------
    cell : Model
        Of level 2, with receptors for inhibition.
    network : Model
        Of a layer of trees.
    most_synapses : int
        Active synapses that a branch has at most: those of a full plateau.

    Raises
    ------
    InputError
        In one line, where no volley fires the cell or none leaves the race enough time.
    """
    return _measure(ByNumbers(cell), ByNumbers(without_fluctuations(network)), most_synapses)


def without_fluctuations(network: Model) -> Model:
    """Return the network as single cells meet it: what is measured does not depend on the rest."""
    quiet: dict[str, object] = {f"relay.{key}_jitter": 0 * ms for key in ("column", "neuron")}
    quiet |= {"relay.variation": 0.0, "membrane_noise.standard_deviation": 0 * mV}
    return network.with_values(quiet)


@lru_cache(maxsize=16)
def _measure(cell: ByNumbers, network: ByNumbers, most: int) -> TreeResponse:
    bench = _Bench(cell.model, network.model)
    least = bench.least_volley()
    answers = latency_of(network.model)
    volleys = sorted({max(1, round(each * least)) for each in STRENGTHS})
    resting, _ = bench.first_spikes([Given(volley) for volley in volleys])
    until = bench.silenced_until(volleys, resting)
    needed = answers + resting - until
    full = bench.full_plateaus(volleys, resting, most)
    again = bench.full_plateaus(volleys, resting, most, fired_before=True)
    for predicted, lead in ((again, needed), (full, MARGIN * needed)):
        enough = np.flatnonzero(resting - predicted >= lead)
        if len(enough):
            k = int(enough[-1])
            return bench.response(volleys[k], volleys[k] / least, float(until[k]), most)
    raise InputError(
        f"a predicted cell must be ahead by more than inhibition takes: {1e3 * needed[0]:.2f} ms, "
        f"{MARGIN:g} times, got {1e3 * (resting[0] - full[0]):.2f} ms with the smallest volley "
        f"({network.model.file}; {cell.model.file})"
    )


@dataclass(frozen=True)
class Given:
    """What a cell gets.

    Attributes
    ----------
    volley : int
        Unitary conductances of each of its spikes.
    synapses : int
        Of one branch, at once.
    gap : float
        Seconds from them to the volley.
    fired_before : bool
        Whether the same volley came in the element before.
    """

    volley: int
    synapses: int = 0
    gap: float = 0.0
    fired_before: bool = False


class _Bench:
    """Single cells that get volleys, synapses of a branch, and pulses of inhibition."""

    def __init__(self, cell: Model, network: Model) -> None:
        self._cell, self._network = cell, network
        self._element, self._relay = network["element"], network["relay"]
        self._period = float(self._element["period"])
        self._distal_delay = float(network["distal"]["delay"])
        self._outer = tree.outermost(cell, "basal")
        self.step = self._element["time_step"]
        branches = range(int(cell["basal"]["branches"]))
        ends = [tree.outermost(cell, "basal", branch) for branch in branches]
        pulse = float(network["branch_inhibition"]["conductance"])
        self._on_branches = inhibition_of(ends, pulse)
        self._ending = math.inf  # seconds from a volley to inhibition of branches

    def response(self, volley: int, strength: float, until: float, most: int) -> TreeResponse:
        """Return what is measured with a volley, given `silenced_until`."""
        for _ in range(ROUNDS):  # when branches are inhibited depends on the window
            (resting,), _ = self.first_spikes([Given(volley)])
            (full,) = self.full_plateaus([volley], np.array([resting]), most)
            window = float(min((full + resting) / 2, until - latency_of(self._network)))
            self._ending = window
        latency, branch = self.answers(volley, full, most)
        threshold = int(np.argmax(latency <= window))
        return TreeResponse(
            volley=volley,
            strength=strength,
            resting=float(resting),
            latency=latency,
            branch=branch,
            silenced_until=until,
            window=window,
            pulse=self.pulse(volley, until),
            threshold=threshold,
            plateau_level=float(branch[threshold - 1 : threshold + 1].mean()),
        )

    def gap(self, latency: float) -> float:
        """Return the seconds from synapses to the volley, if cells fire with this latency."""
        return self._period - latency - self._distal_delay

    def least_volley(self) -> int:
        """Return the smallest volley that fires a resting cell."""
        volleys = list(range(1, MOST_VOLLEY + 1))
        first, _ = self.first_spikes([Given(volley) for volley in volleys])
        if not np.isfinite(first).any():
            raise InputError(
                f"a volley of {MOST_VOLLEY} unitary AMPA conductances at each of "
                f"{self._relay['spikes']:g} spikes of a relay cell does not fire the cell "
                f"({self._cell.file})"
            )
        return volleys[int(np.argmax(np.isfinite(first)))]

    def first_spikes(self, conditions: Sequence[Given]) -> tuple[Array, Array]:
        """Return first spikes after a volley, and potentials of the branch when it comes.

        Returns
        -------
        first : ndarray
            Seconds; infinite where there is none.
        branch : ndarray
            Volts.
        """
        at = REST + self._period
        stimulus = Stimulus(len(conditions))
        for cell, given in enumerate(conditions):
            self._volley(stimulus, cell, at, given.volley)
            if given.fired_before:
                self._volley(stimulus, cell, at - self._period, given.volley)
            if given.synapses:
                times = np.full(given.synapses, at - given.gap)
                stimulus.glutamate(cell, self._outer, times)
            self._end_plateaus(stimulus, cell, at - self._period)
        traces = self.run(stimulus, at + AFTER, (potential(self._outer),))
        column = int(np.searchsorted(traces.time, at))
        return _first(traces, at), traces.variables[potential(self._outer)][:, column].copy()

    def full_plateaus(
        self, volleys: list[int], resting: Array, most: int, fired_before: bool = False
    ) -> Array:
        """Return first spikes of cells with a full plateau, for each volley."""
        latency = resting
        for _ in range(2):  # how long the plateau has been there depends on the answer
            gaps = [self.gap(float(each)) for each in np.minimum(latency, resting)]
            conditions = [
                Given(volley, most, gap, fired_before)
                for volley, gap in zip(volleys, gaps, strict=True)
            ]
            latency, _ = self.first_spikes(conditions)
        return latency

    def silenced_until(self, volleys: list[int], resting: Array) -> Array:
        """Return until when a pulse keeps a resting cell silent, for each volley."""
        tried = [np.arange(PULSE_STEP, latest, PULSE_STEP) for latest in resting]
        stimulus = Stimulus(sum(map(len, tried)))
        cells = iter(range(stimulus.n_cells))
        for volley, pulses in zip(volleys, tried, strict=True):
            for pulse in pulses:
                cell = next(cells)
                self._volley(stimulus, cell, REST, volley)
                stimulus.synapses(cell, inhibition_of(["soma"], PULSES[-1] * 1e-9), REST + pulse)
        first = _first(self.run(stimulus, REST + AFTER, ()), REST)
        found, begin = [], 0
        for pulses in tried:
            silent = ~np.isfinite(first[begin : begin + len(pulses)])
            found.append(float(pulses[silent].max()) if silent.any() else 0.0)
            begin += len(pulses)
        return np.array(found)

    def pulse(self, volley: int, until: float) -> float:
        """Return the pulse of inhibition: it silences a resting cell whenever it comes in time."""
        times = np.arange(PULSE_STEP, until + PULSE_STEP / 2, PULSE_STEP)
        stimulus = Stimulus(len(PULSES) * len(times))
        for cell, (pulse, at) in enumerate((p, t) for p in PULSES for t in times):
            self._volley(stimulus, cell, REST, volley)
            stimulus.synapses(cell, inhibition_of(["soma"], pulse * 1e-9), REST + at)
        first = _first(self.run(stimulus, REST + AFTER, ()), REST)
        silent = ~np.isfinite(first.reshape(len(PULSES), len(times))).any(axis=1)
        enough = np.flatnonzero(silent)
        # The largest one defined until when; it is taken where even that leaves a gap.
        return PULSE_MARGIN * PULSES[int(enough[0]) if len(enough) else -1] * 1e-9

    def answers(self, volley: int, full: float, most: int) -> tuple[Array, Array]:
        """Return first spikes and potentials of the branch for every number of synapses."""
        gap = self.gap(full)
        return self.first_spikes([Given(volley, n, gap) for n in range(most + 1)])

    def run(
        self, stimulus: Stimulus, seconds: float, record: tuple[str, ...], sample: int = 1
    ) -> Traces:
        """Run the cells for `seconds`."""
        return stimulate(
            self._cell, stimulus, seconds * second, self.step, SilentProgress(), record, sample
        )

    def _end_plateaus(self, stimulus: Stimulus, cell: int, volley_at: float) -> None:
        """Inhibit branches after a volley, once it is known when."""
        if math.isfinite(self._ending):
            stimulus.synapses(cell, self._on_branches, volley_at + self._ending)

    def _volley(self, stimulus: Stimulus, cell: int, at: float, volley: int) -> None:
        spikes = at + np.arange(int(self._relay["spikes"])) * float(self._relay["spike_interval"])
        stimulus.synapses(
            cell, "ampa_soma_post += ampa_unitary_conductance_post", np.repeat(spikes, volley)
        )


def _first(traces: Traces, at: float) -> Array:
    """Return the first spike of each cell, in seconds since `at`; infinite where there is none."""
    later = [train[train > at] for train in traces.spikes]
    return np.array([train[0] - at if len(train) else np.inf for train in later])
