"""What many candidates of a cell answer to the stimuli of the detailed cell, all in one group.

A candidate is a set of values of a model's parameters; each of its answers to each stimulus is a
cell of a Brian2 group, with these values as its own. Nothing is recorded but spikes: what else the
targets ask for is taken while the cells run, so that thousands of them fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from brian2 import Network, NetworkOperation, Quantity, SpikeMonitor, get_dimensions, ms
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.cells.group import Cells
from htm_brian.engine.arrays import raw
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import run_watched
from htm_brian.fitting.detailed_cell import Condition, Target
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Model
from htm_brian.synapses.release.epsp import TimeCourse
from htm_brian.units import parse_unit

Array = NDArray[np.float64]

NEXUS_INPUT = TimeCourse(0.5e-3, 5e-3)
"""Of the current into the nexus, as the detailed cell gets it."""
LEVEL = -40.0
"""mV; the nexus is active above."""
LEAD = 20.0
"""ms before the first current."""
LONG = 500.0
"""ms; stimuli that are watched as long as this run in a group of their own."""
OF_SPIKES = ("spikes", "rate", "latency", "first_interval", "last_interval")
"""Measures that need the spike times alone."""
SILENT_TABLES = ("ampa", "nmda", "gaba")
"""Receptors, which no current opens; the cells run without them."""


def require(model: Model) -> Model:
    """Check that a cell can be given the stimuli, and return it.

    Raises
    ------
    InputError
        If it is not of level 2, does not spike or has no nexus.
    """
    if model.kind != "cell" or model.level != 2 or "spike" not in model or "nexus" not in model:
        raise InputError(
            f"only a cell of level 2 that spikes and has a nexus can be held against the detailed "
            f"cell, such as l5_thick_tufted; got {model.name} ({model.file})"
        )
    return model


def answers(
    model: Model,
    targets: Sequence[Target],
    values: Mapping[str, Array],
    time_step: Quantity,
    progress: Progress,
    description: str = "candidates",
) -> Array | None:
    """Return what the candidates answer.

    Parameters
    ----------
    model : Model
        See `require`.
    targets : sequence of Target
        What is asked for.
    values : mapping of str to ndarray of shape (n_candidates,)
        By path, in SI units; the other parameters are the model's.
    time_step : Quantity
    progress : Progress
    description : str
        For the progress bar.

    Returns
    -------
    ndarray of shape (n_candidates, n_targets) or None
        In the units of the targets; NaN where an answer does not have the measure. None if the run
        was stopped.
    """
    require(model)
    n = len(next(iter(values.values()))) if values else 1
    found = np.full((n, len(targets)), np.nan)
    for long in (False, True):
        its = [k for k, t in enumerate(targets) if (t.condition.watched >= LONG) == long]
        if not its:
            continue
        some = [targets[k] for k in its]
        measured = _run(model, some, values, n, time_step, progress, description)
        if measured is None:
            return None
        found[:, its] = measured
    return found


def _run(
    model: Model,
    targets: Sequence[Target],
    values: Mapping[str, Array],
    n: int,
    time_step: Quantity,
    progress: Progress,
    description: str,
) -> Array | None:
    given = list(dict.fromkeys(target.condition for target in targets))
    zero = LEAD - min(each.begin for each in given)  # when time 0 of the stimuli is
    step = float(time_step / ms)
    duration = zero + max(each.watched for each in given)
    bare = replace(
        model, tables=tuple(each for each in model.tables if each.name not in SILENT_TABLES)
    )
    cells = Cells(n * len(given), bare, dt=time_step, per_cell=tuple(values))
    _vary(cells, bare, values, n, len(given))
    traced = [
        k
        for k, each in enumerate(given)
        if {t.measure for t in targets if t.condition == each} - set(OF_SPIKES)
    ]
    spikes = SpikeMonitor(cells, "last_spike_time")
    watch = _Watch(cells, [given[k] for k in traced], traced, len(given), zero, step)
    network = Network(cells, spikes, _inject(cells, given, zero, step, duration), watch.operation)
    with np.errstate(all="ignore"):  # a candidate may be no cell at all; its answers are then NaN
        if not run_watched(network, duration * ms, progress, description):
            return None
    trains = _trains(spikes, len(cells), zero)
    found = np.full((n, len(targets)), np.nan)
    for column, target in enumerate(targets):
        at = given.index(target.condition)
        if target.measure in OF_SPIKES:
            its = [trains[cell * len(given) + at] for cell in range(n)]
            found[:, column] = [_of_spikes(target, train) for train in its]
        else:
            found[:, column] = watch.of(target.measure, traced.index(at))
    found[~np.isfinite(raw(cells, "v").reshape(n, len(given))).all(axis=1)] = np.nan
    return found


def _vary(cells: Cells, model: Model, values: Mapping[str, Array], n: int, each: int) -> None:
    """Give the cells of each candidate its values, and what follows from its geometry."""
    shaped = {path: tree.depending(model, path) for path in values}
    for path, its in values.items():
        if not shaped[path]:
            raw(cells, variable_name(*path.split(".")))[:] = np.repeat(its, each)
    names = set().union(*shaped.values()) & set(cells.variables)
    if names:
        of_each = [tree.constants(with_si(model, shaped, values, k)) for k in range(n)]
        for name in names:
            raw(cells, name)[:] = np.repeat([float(found[name]) for found in of_each], each)
    cells.to_rest()


def with_si(
    model: Model, paths: Iterable[str], values: Mapping[str, Array], candidate: int
) -> Model:
    """Return the model with the values of one candidate, which are in SI units."""
    changes = {}
    for path in paths:
        table, _, key = path.partition(".")
        parameter = model[table].parameter(key)
        changes[path] = Quantity(
            values[path][candidate], dim=get_dimensions(parse_unit(parameter.unit))
        )
    return model.with_values(changes)


def _inject(
    cells: Cells, given: Sequence[Condition], zero: float, step: float, duration: float
) -> NetworkOperation:
    """Return what sets the currents at the steps at which they change."""
    time: Array = np.arange(round(duration / step), dtype=np.float64) * step - zero
    soma = np.stack([_soma_course(each, time, step) for each in given], axis=1)
    nexus = np.stack([_nexus_course(each, time) for each in given], axis=1)
    of = {"injected_current": soma, "injected_current_nexus": nexus}
    due = {
        name: set(np.flatnonzero((np.diff(course, axis=0, prepend=0) != 0).any(axis=1)).tolist())
        for name, course in of.items()
    }
    now = 0

    def act() -> None:
        nonlocal now
        for name, course in of.items():
            if now in due[name]:
                raw(cells, name).reshape(-1, len(given))[:] = course[now]
        now += 1

    return NetworkOperation(act, dt=step * ms, when="start")


def _soma_course(each: Condition, time: Array, step: float) -> Array:
    """Return the current into the soma at each step, in amperes; a part of a step counts so."""
    course = np.zeros_like(time)
    for number in range(each.pulses):
        start = number * 1e3 / each.frequency if number else 0.0
        covered = np.minimum(time + step, start + each.soma_duration) - np.maximum(time, start)
        course += 1e-9 * each.soma_current * np.clip(covered / step, 0, 1)
    return course


def _nexus_course(each: Condition, time: Array) -> Array:
    """Return the current into the nexus at each step, in amperes."""
    return 1e-9 * each.nexus_current * NEXUS_INPUT.at(1e-3 * (time - each.nexus_time))


class _Watch:
    """What is taken of the potentials while the cells run, for some of the stimuli.

    Parameters
    ----------
    cells : Cells
    given : sequence of Condition
        Those whose potentials count, in the columns `columns` of all `n_given`.
    zero, step : float
        When time 0 of the stimuli is, and the time step, ms.
    """

    def __init__(
        self,
        cells: Cells,
        given: Sequence[Condition],
        columns: Sequence[int],
        n_given: int,
        zero: float,
        step: float,
    ) -> None:
        self._cells, self._columns, self._n_given, self._step = cells, list(columns), n_given, step
        self._zero = zero
        self._begin = np.array([each.begin for each in given])
        self._until = np.array([each.watched for each in given])
        self._length = np.array([each.soma_duration for each in given])
        self._way = np.sign([each.soma_current for each in given])
        shape = (len(cells) // n_given, len(given))
        self._base = {name: np.full(shape, np.nan) for name in ("soma", "nexus")}
        self._highest = {name: np.full(shape, -np.inf) for name in ("soma", "nexus")}
        self._sum = {name: np.zeros(shape) for name in ("soma", "nexus")}
        self._furthest = np.full(shape, -np.inf)
        self._lowest = np.full(shape, np.nan)
        self._width = np.zeros(shape)
        self._n_late = np.zeros(len(given))
        self._before = np.zeros(shape)
        self._now = 0
        self.operation = NetworkOperation(self._look, dt=step * ms, when="end")

    def _potentials(self) -> dict[str, Array]:
        names = {"soma": "v", "nexus": "v_nexus"}
        return {
            place: 1e3 * raw(self._cells, name).reshape(-1, self._n_given)[:, self._columns]
            for place, name in names.items()
        }

    def _look(self) -> None:
        """Take note of the potentials at the end of a step."""
        time = (self._now + 1) * self._step - self._zero
        self._now += 1
        live = (time > self._begin - 1.5 * self._step) & (time < self._until + 0.5 * self._step)
        if not live.any():
            return
        v = self._potentials()
        at_rest = time < self._begin + 0.5 * self._step  # the last look before the first current
        for place in v:
            self._base[place] = np.where(live & at_rest, v[place], self._base[place])
            np.maximum(self._highest[place], v[place], out=self._highest[place], where=live)
        late = live & (time > 0.9 * self._length) & (time <= self._length) & (self._length >= LONG)
        if late.any():
            for place in v:
                self._sum[place] += np.where(late, v[place], 0)
            self._n_late += late
        during = live & (time > 0) & (time <= self._length)
        moved = self._way * (v["soma"] - self._base["soma"])
        np.maximum(self._furthest, moved, out=self._furthest, where=during)
        self._note_width(v["nexus"], live & ~at_rest)
        self._note_low(v["soma"], live)

    def _note_width(self, nexus: Array, live: NDArray[np.bool_]) -> None:
        """Add the share of the step that the nexus is above the level."""
        left, right = self._before - LEVEL, nexus - LEVEL
        share = np.clip(np.maximum(left, right) / np.maximum(np.abs(right - left), 1e-12), 0, 1)
        share = np.where(
            (left > 0) & (right > 0), 1.0, np.where((left > 0) | (right > 0), share, 0)
        )
        self._width += np.where(live, share * self._step, 0)
        self._before = nexus

    def _note_low(self, soma: Array, live: NDArray[np.bool_]) -> None:
        """Keep the lowest potential since the last spike."""
        fired = np.zeros(len(self._cells), dtype=bool)
        fired[np.asarray(self._cells.spikes, dtype=int)] = True
        fired = fired.reshape(-1, self._n_given)[:, self._columns] & live
        self._lowest = np.where(fired, soma, self._lowest)
        np.fmin(self._lowest, soma, out=self._lowest, where=live & ~np.isnan(self._lowest))

    def of(self, measure: str, column: int) -> Array:
        """Return a measure of one stimulus, for each candidate."""
        place, _, what = measure.partition("_")
        if measure == "nexus_width":
            found = self._width
        elif measure == "after_hyperpolarisation":
            found = self._base["soma"] - self._lowest
        elif measure == "soma_largest":
            found = self._way * self._furthest
        elif what == "rest":
            found = self._base[place]
        elif what == "rise":
            found = self._highest[place] - self._base[place]
        elif what == "peak":
            found = self._highest[place]
        elif what == "steady":
            found = self._sum[place] / np.maximum(self._n_late, 1) - self._base[place]
        else:
            raise ValueError(f"unknown measure {measure}")
        return found[:, column]


def _trains(spikes: SpikeMonitor, n_cells: int, zero: float) -> list[Array]:
    """Return the spike times of each cell, ms."""
    index = np.asarray(spikes.i)
    time = 1e3 * np.asarray(spikes.last_spike_time) - zero
    order = np.lexsort((time, index))
    ends = np.searchsorted(index[order], np.arange(n_cells + 1))
    return [time[order[a:b]] for a, b in pairwise(ends)]


def _of_spikes(target: Target, train: Array) -> float:
    """Return a measure of one cell's spikes, NaN where there are too few."""
    its = target.condition
    train = train[(train >= its.begin) & (train < its.watched)]
    if target.measure == "spikes":
        return float(len(train))
    if target.measure == "rate":
        return len(train) / (1e-3 * its.soma_duration)
    if target.measure == "latency":
        return float(train[0]) if len(train) else np.nan
    if len(train) < 2:
        return np.nan
    first = target.measure == "first_interval"
    return float(train[1] - train[0] if first else train[-1] - train[-2])
