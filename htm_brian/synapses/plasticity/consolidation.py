"""The slow part of `TaggingCapture`: proteins of whole cells, and what their synapses capture.

Both is looked at from time to time, in closed form since the look before. Between two looks without
spikes nothing is lost, be it a second or eight hours; where spikes come, the change that they made
is taken to be older than it is by at most the time between two looks.

=====================  =========================================================================
`Consolidation`        in Brian2, for synapses of the rule that are part of a network
`ConsolidatedTrains`   from trains of spikes, without time steps; hours take milliseconds
=====================  =========================================================================

In Brian2, hours without a spike pass in one step with `htm_brian.engine.leaping.leap`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.equations.equations import Equations
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units import second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integers, check_numbers, shown
from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.tagging_capture import (
    POOL_STATE,
    PROTEIN_COURSE,
    TaggingCapture,
)
from htm_brian.synapses.plasticity.trains import LANGUAGE, Trains
from htm_brian.synapses.release.values import check_delay

Numbers = NDArray[np.float64]

_SHARED = ("change", "protein_before", "protein_then", "synthesised", "looked_before")
"""What the synapses see of the proteins of their cell."""


class Consolidation:
    """Proteins of the postsynaptic cells of `Synapses` that learn by `TaggingCapture`.

    Parameters
    ----------
    synapses : Synapses
        With the text of the rule; connected before or after.
    rule : TaggingCapture
    dt : Quantity
        Time between two looks.

    Attributes
    ----------
    cells : NeuronGroup
        One element for each cell of the target (of the whole group, where that is a subgroup), with
        `protein` and `change`.
    objects : list of BrianObject
        For a network: ``Network(source, target, synapses, *consolidation.objects)``. The synapses
        contain them, so that a network that is given the synapses has them, too.

    Examples
    --------
    >>> from brian2 import Network, SpikeGeneratorGroup, ms, prefs
    >>> from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
    >>> prefs.codegen.target = "numpy"
    >>> rule = TaggingCapture("tagging_capture").with_values(noise=0.0)
    >>> axon = SpikeGeneratorGroup(1, [0] * 50, range(10, 510, 10) * ms, dt=1 * ms)
    >>> cell = SpikeGeneratorGroup(1, [], [] * ms, dt=1 * ms)
    >>> synapses = PlasticSynapses(axon, cell, rule)
    >>> synapses.connect()
    >>> proteins = Consolidation(synapses, rule)
    >>> Network(axon, cell, synapses).run(1.001 * second)
    >>> synapses.early[:].round(2)
    array([1.7])
    """

    def __init__(self, synapses: Synapses, rule: TaggingCapture, dt: Quantity = 1 * second) -> None:
        if not isinstance(rule, TaggingCapture):
            raise InputError(f"rule must be a TaggingCapture, got {shown(rule)}")
        for name in Equations(rule.equations):
            if name not in synapses.variables:
                raise InputError(
                    f"{synapses.name} must have the rule's equations; {name} is missing"
                )
        if check_delay(dt, "dt") == 0:
            raise InputError("dt must be above 0, got 0 s")
        target = getattr(synapses.target, "source", synapses.target)
        self.cells = NeuronGroup(
            len(target),
            POOL_STATE,
            dt=dt,
            namespace=dict(rule.constants()),
            name=f"{synapses.name}_proteins",
        )
        for name in _SHARED:
            synapses.variables.add_reference(name, self.cells, index="_postsynaptic_idx")
        look = {"when": "start", "clock": self.cells.clock}
        steps = [
            self.cells.run_regularly("change = 0", order=-4, **look),
            synapses.run_regularly(f"{rule.catch_up}\nchange += abs(early - 1)", order=-3, **look),
            self.cells.run_regularly(PROTEIN_COURSE, order=-2, **look),
            synapses.run_regularly(rule.capture, order=-1, **look),
        ]
        del steps  # the groups contain them
        synapses.contained_objects.append(self.cells)
        self.objects = [self.cells, *self.cells.contained_objects]


class ConsolidatedTrains:
    """Synapses of some cells that learn by `TaggingCapture` from trains of spikes.

    The rule's own text runs, at the events of the synapses and at looks at the proteins; hours
    without a spike take one look.

    Parameters
    ----------
    rule : TaggingCapture
    cells : array_like of int, shape (n_synapses,)
        The postsynaptic cell of each synapse, from 0 on.
    constants : dict of str to array_like of float, optional
        Numbers of the rule, in SI units, that differ between synapses; delays may not.
    seed : int
        Names the draws of a noisy rule.

    Attributes
    ----------
    synapses : dict of str to ndarray of shape (n_synapses,)
        State of the synapses.
    proteins : dict of str to ndarray of shape (n_cells,)
        State of the cells.

    Examples
    --------
    >>> strong = 0.01 * np.arange(100)          # a second at 100 Hz, on three synapses of a cell
    >>> rule = TaggingCapture("tagging_capture").with_values(noise=0.0)
    >>> trains = ConsolidatedTrains(rule, [0, 0, 0])
    >>> seen = trains.run([strong] * 3, [[]] * 3, look_at=[60.0, 8 * 3600.0], look="late")
    >>> seen[:, 0].round(2)
    array([0.  , 0.85])
    """

    between_looks = 1.0
    """Seconds between two looks at the proteins while spikes come."""

    def __init__(
        self,
        rule: TaggingCapture,
        cells: ArrayLike,
        *,
        constants: Mapping[str, ArrayLike] | None = None,
        seed: int = 0,
    ) -> None:
        self.rule = rule
        self._owner = check_integers("cells", cells, low=0)
        self._trains = Trains(rule, len(self._owner), constants=constants, seed=seed)
        self.synapses = self._trains.state
        number = int(self._owner.max(initial=-1)) + 1
        self.proteins = {name: np.zeros(number) for name in Equations(POOL_STATE)}
        self._wait = float(rule.later["calcium"].after)
        self._until = 0.0

    def run(
        self,
        presynaptic: Sequence[ArrayLike],
        postsynaptic: Sequence[ArrayLike],
        *,
        look_at: ArrayLike,
        look: str = "efficacy",
        released: Sequence[ArrayLike] | None = None,
    ) -> Numbers:
        """Let the spikes come.

        Parameters
        ----------
        presynaptic, postsynaptic : sequence of array_like of float, length n_synapses
            Times of the spikes at each synapse, seconds; those of a run before are over.
        look_at : array_like of float
            Increasing times at which all is brought to the present; the run ends with the last.
        look : str
            A variable of the synapses, or ``protein`` of the cells.
        released : sequence of array_like of int, length n_synapses, optional
            Whether each presynaptic spike releases, 1 or 0; all do when left out. One that fails
            brings no calcium.

        Returns
        -------
        ndarray of float, shape (n_looks, n_synapses) or (n_looks, n_cells)
        """
        wanted = check_numbers("look_at", look_at, low=self._until)
        pre = [np.asarray(train, dtype=float) for train in presynaptic]
        if released is not None:
            pre = [train[np.asarray(each) > 0] for train, each in zip(pre, released, strict=True)]
        pre = [np.sort(train) for train in pre]
        post = [np.sort(np.asarray(train, dtype=float)) for train in postsynaptic]
        seen = []
        for time in self._looks(pre, post, wanted):
            # The calcium of a spike that comes later is for the next look.
            part = [_between(each, self._until - self._wait, time - self._wait) for each in pre]
            self._trains.run(
                part, [_between(each, self._until, time) for each in post], look_at=[time]
            )
            self._consolidate(time)
            self._until = time
            if np.any(np.isclose(wanted, time, rtol=0, atol=1e-9)):
                seen.append(self.value(look))
        return np.array(seen)

    def value(self, name: str) -> Numbers:
        """Return a variable of the synapses or of the cells, at the last look."""
        return self.proteins[name].copy() if name in self.proteins else self._trains.value(name)

    def _looks(self, pre: list[Numbers], post: list[Numbers], wanted: Numbers) -> Numbers:
        """Return when to look: as asked, and while spikes come."""
        step = self.between_looks
        spikes = np.concatenate([*(each + self._wait for each in pre), *post])
        spikes = spikes[(spikes > self._until) & (spikes <= wanted[-1])]
        busy = np.unique(np.floor(spikes / step)) * step
        looks = np.unique(np.round(np.concatenate([busy, busy + step, wanted]), 9))
        chosen: Numbers = looks[(looks >= self._until) & (looks <= wanted[-1])]
        return chosen

    def _consolidate(self, time: float) -> None:
        """Look at the proteins, and let tagged synapses capture them."""
        state, cells, owner = self.synapses, self.proteins, self._owner
        number = len(cells["change"])
        change = np.bincount(owner, np.abs(state["early"] - 1), minlength=number)
        cells["change"][:] = change
        constants = self._trains.constants
        of_cells = {name: _first_of_each(value, owner, number) for name, value in constants.items()}
        _run(PROTEIN_COURSE, of_cells, cells, time)
        seen = {name: cells[name][owner] for name in _SHARED}
        _run(self.rule.capture, constants | seen, state, time)


def _run(text: str, constants: Mapping[str, Any], state: dict[str, Any], time: float) -> None:
    """Run statements of the rule on arrays."""
    names = {**constants, **{name: value.copy() for name, value in state.items()}, "t": time}
    exec(text, LANGUAGE, names)
    for name in state:
        state[name][:] = names[name]


def _between(times: Numbers, after: float, until: float) -> Numbers:
    return times[(times > after) & (times <= until)]


def _first_of_each(value: Any, owner: NDArray[np.int64], number: int) -> Any:
    """Return a constant of the synapses as one of their cells."""
    if not isinstance(value, np.ndarray):
        return value
    of_cells = np.zeros(number)
    of_cells[owner[::-1]] = value[::-1]
    return of_cells
