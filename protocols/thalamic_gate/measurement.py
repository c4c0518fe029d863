"""Memories with a thalamus: relay spikes and their bursts, and what was predicted, by episode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from brian2 import second
from brian2.monitors.spikemonitor import SpikeMonitor
from numpy.typing import NDArray

from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.progress import Progress
from htm_brian.network.event_layer import EventLayer
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.thalamus import Spikes, Thalamus
from htm_brian.parameters import Model
from htm_brian.protocols.thalamic_gate.stimulus import Task, draw_orders, draw_task
from htm_brian.randomness import stream

if TYPE_CHECKING:
    from htm_brian.protocols.thalamic_gate import ThalamicGateParameters

GATE, TONIC, SHUFFLED, BURST = "gate", "no inhibition", "shuffled inhibition", "held in burst mode"
CONDITIONS = (GATE, TONIC, SHUFFLED, BURST)

SILENCE, INTERVAL = 100e-3, 4e-3
"""Seconds before a burst, and between its spikes, at most, as in `relay_modes`."""
LEARNED = 0.2
"""Share of the input not predicted, at most, in an episode without error: single spikes do fail."""

MEASURED = {
    "missed": "share of the input columns that were not predicted, but for first elements",
    "driven": "share of the input columns that got a volley",
    "stray": "columns that got a volley without input, to an element",
    "column_bursts": "share of the columns that got a volley that burst, but for first elements",
    "relay_spikes": "spikes of relay cells, to an element",
    "burst_share": "share of the relay spikes that belong to bursts",
    "layer6_spikes": "spikes of layer 6, to an element",
    "reticular_spikes": "spikes of the reticular nucleus, to an element",
}
"""By condition, seed and episode."""


class Models(NamedTuple):
    """All that a network is made of."""

    network: Model
    cell: Model
    thalamus: Model
    relay: Model
    reticular: Model
    thalamocortical: Model
    corticothalamic: Model


class Run(NamedTuple):
    """What one memory did.

    Attributes
    ----------
    episodes : dict of str to ndarray of shape (n_episodes,)
        See `MEASURED`.
    starts : ndarray of shape (n_presentations,)
        Seconds at which the sequences began, in the order in which they were shown.
    reticular, relay : Spikes
    """

    episodes: dict[str, NDArray[np.float64]]
    starts: NDArray[np.float64]
    reticular: Spikes
    relay: Spikes


def measure(
    p: ThalamicGateParameters, models: Models, progress: Progress
) -> tuple[xr.Dataset, bool]:
    """Return what every condition, seed and episode gave, and whether no run was stopped."""
    progress.begin("memories", p.seeds * len(p.conditions))
    shape = len(p.conditions), p.seeds, 2 * p.episodes
    found = {name: np.full(shape, np.nan) for name in MEASURED}
    example: Run | None = None
    with code_generation(p.codegen):
        for seed in range(p.seeds):
            task = draw_task(p, stream(p.seed, "stimulus", seed))
            orders = draw_orders(p, stream(p.seed, "order", seed))
            gated: Run | None = None
            for row, condition in enumerate(p.conditions):
                if progress.interrupted:
                    return xr.Dataset(), False
                own = orders if condition == GATE else orders[: p.episodes]
                run = learn(p, models, condition, task, own, seed, gated)
                gated = run if gated is None else gated
                example = run if example is None else example
                for name, values in run.episodes.items():
                    found[name][row, seed, : len(values)] = values
                progress.advance()
    dims = "condition", "seed", "episode"
    dataset = xr.Dataset(
        {
            name: (dims, values, {"long_name": MEASURED[name], "units": "1"})
            for name, values in found.items()
        },
        coords={"condition": list(p.conditions), "episode": np.arange(1, 2 * p.episodes + 1)},
        attrs={"episodes": p.episodes, "elements": p.sequences * p.length},
    )
    assert example is not None
    return dataset.merge(_example(p, example), combine_attrs="no_conflicts"), True


def learn(
    p: ThalamicGateParameters,
    models: Models,
    condition: str,
    task: Task,
    orders: NDArray[np.int64],
    seed: int,
    gated: Run | None = None,
) -> Run:
    """Show sequences to a new memory with a thalamus, first the familiar and then the new ones.

    Parameters
    ----------
    p, models : as of `measure`
    condition : str
        One of `CONDITIONS`.
    task : Task
    orders : ndarray of int, shape (n_episodes, n_sequences)
        The first ``p.episodes`` are of the familiar sequences.
    seed : int
    gated : Run, optional
        The run whose reticular spikes come at other times.
    """
    memory = SpikingTemporalMemory(
        p.columns,
        p.cells,
        p.activation_threshold,
        p.min_threshold,
        seed=1000 * p.seed + seed,
        model=models.network,
        cell_model=models.cell,
    )
    assert isinstance(memory.layer, EventLayer)
    thalamus = Thalamus(
        memory.layer,
        models.thalamus,
        models.relay.with_values({"soma_background.mean": p.held})
        if condition == BURST
        else models.relay,
        models.reticular,
        thalamocortical=models.thalamocortical,
        corticothalamic=models.corticothalamic,
        inhibition=_inhibition(p, condition, gated, seed),
        seed=1000 * p.seed + seed,
    )
    starts, told = [], []
    for episode, order in enumerate(orders):
        sequences = task.familiar if episode < p.episodes else task.novel
        for row in order:
            memory.reset()
            starts.append(float(memory.network.t))
            told.append([_shown(memory, columns) for columns in sequences[row]])
    return _run(p, np.array(told), np.array(starts), thalamus, float(memory.network.t))


def burst_spikes(cells: NDArray[np.int64], times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which spikes belong to a burst: after a silence, at short intervals.

    Parameters
    ----------
    cells : ndarray of int, shape (n_spikes,)
    times : ndarray of float, shape (n_spikes,)
        Seconds.

    Returns
    -------
    ndarray of bool, shape (n_spikes,)
        In the order given; the first spike of a burst belongs to it.

    Examples
    --------
    >>> times = np.array([0.2, 0.203, 0.206, 0.22, 0.3, 0.303])
    >>> burst_spikes(np.zeros(6, dtype=int), times).tolist()
    [True, True, True, False, False, False]
    """
    order = np.lexsort((times, cells))
    cell, time = cells[order], times[order]
    since = np.diff(time, prepend=-np.inf)
    since[np.diff(cell, prepend=-1) != 0] = np.inf
    # A step of the clock is not exact.
    short = since <= INTERVAL + 1e-6
    begins = (since >= SILENCE) & np.append(short[1:], False)
    # A spike is of the burst that began last if no longer interval came since.
    number = np.arange(len(cell))
    last_break = np.maximum.accumulate(np.where(~short, number, 0)) if len(cell) else number
    of_burst = np.empty(len(cell), dtype=np.bool_)
    of_burst[order] = begins[last_break] if len(cell) else False
    return of_burst


def elements_to_learn(missed: NDArray[np.float64], elements: int) -> tuple[float, bool]:
    """Return after how many elements the first episode without error was over.

    Parameters
    ----------
    missed : ndarray of shape (n_episodes,)
        Share of the input that was not predicted.
    elements : int
        Of an episode.

    Returns
    -------
    elements : float
        Those of all episodes where there is none without error.
    learned : bool
        Whether there is one.

    Examples
    --------
    >>> elements_to_learn(np.array([1.0, 0.4, 0.0]), 20)
    (60.0, True)
    """
    right = np.flatnonzero(missed <= LEARNED)
    if not len(right):
        return float(len(missed) * elements), False
    return float((right[0] + 1) * elements), True


def _inhibition(
    p: ThalamicGateParameters, condition: str, gated: Run | None, seed: int
) -> str | Spikes:
    if condition == GATE:
        return "reticular"
    if condition in (TONIC, BURST):
        return "none"
    assert gated is not None
    return shuffled(gated, p.episodes * p.sequences, stream(p.seed, "shuffled", seed))


def shuffled(gated: Run, presentations: int, rng: np.random.Generator) -> Spikes:
    """Return the reticular spikes of the first presentations, each moved to another one's time.

    Parameters
    ----------
    gated : Run
        Presentations all last alike.
    presentations : int
        Of the sequences that are to become familiar.
    rng : Generator
    """
    cells, times = gated.reticular
    bounds = gated.starts[: presentations + 1]
    which = np.searchsorted(bounds, times, side="right") - 1
    kept = (which >= 0) & (which < presentations)
    to = rng.permutation(presentations)
    moved = times[kept] - bounds[which[kept]] + bounds[to[which[kept]]]
    order = np.argsort(moved, kind="stable")
    return cells[kept][order], moved[order]


def _shown(memory: SpikingTemporalMemory, columns: NDArray[np.int64]) -> tuple[float, ...]:
    """Show an element; return what was predicted of it and how columns answered."""
    predicted = np.unique(memory.predictive_cells // memory.cells_per_column)
    missed = 1 - len(np.intersect1d(predicted, columns)) / len(columns)
    memory.compute(columns)
    driven = np.intersect1d(memory.driven_columns, columns)
    stray = len(memory.driven_columns) - len(driven)
    bursts = len(memory.column_bursts) / max(1, len(memory.driven_columns))
    return missed, len(driven) / len(columns), stray, bursts


def _run(
    p: ThalamicGateParameters,
    told: NDArray[np.float64],
    starts: NDArray[np.float64],
    thalamus: Thalamus,
    stop: float,
) -> Run:
    """Sum up a run by episode."""
    relay, reticular = _spikes(thalamus.relay_spikes), _spikes(thalamus.reticular_spikes)
    layer6 = _spikes(thalamus.layer6_spikes)
    by_episode = told.reshape(-1, p.sequences, p.length, told.shape[-1])
    later = by_episode[:, :, 1:]
    edges = np.append(starts[:: p.sequences], stop + 1)
    elements = p.sequences * p.length
    spikes, bursts = (
        np.histogram(times, edges)[0] for times in (relay[1], relay[1][burst_spikes(*relay)])
    )
    return Run(
        {
            "missed": later[..., 0].mean(axis=(1, 2)),
            "driven": by_episode[..., 1].mean(axis=(1, 2)),
            "stray": by_episode[..., 2].mean(axis=(1, 2)),
            "column_bursts": later[..., 3].mean(axis=(1, 2)),
            "relay_spikes": spikes / elements,
            "burst_share": bursts / np.maximum(1, spikes),
            "layer6_spikes": np.histogram(layer6[1], edges)[0] / elements,
            "reticular_spikes": np.histogram(reticular[1], edges)[0] / elements,
        },
        starts,
        reticular,
        relay,
    )


def _spikes(monitor: SpikeMonitor) -> Spikes:
    return np.asarray(monitor.i, dtype=np.int64), np.asarray(monitor.t / second)


def _example(p: ThalamicGateParameters, run: Run) -> xr.Dataset:
    """Return relay spikes of one familiar, one new and one learned sequence, for the figure."""
    shown = (p.episodes - 1, p.episodes, 2 * p.episodes - 1)
    cells, times = run.relay
    bursts = burst_spikes(cells, times)
    kept: list[tuple[int, int, float, bool]] = []
    for number, episode in enumerate(shown):
        start = run.starts[episode * p.sequences]
        later = run.starts[run.starts > start]
        inside = (times >= start) & (times < (later[0] if len(later) else np.inf))
        kept += [
            (number, int(cell), float(time - start), bool(burst))
            for cell, time, burst in zip(cells[inside], times[inside], bursts[inside], strict=True)
        ]
    phase, cell, time, burst = (np.array(each) for each in zip(*kept, strict=True))
    return xr.Dataset(
        {
            "spike_phase": ("spike", phase, {"units": "1"}),
            "spike_cell": ("spike", cell, {"units": "1"}),
            "spike_time": ("spike", 1e3 * time, {"units": "ms"}),
            "spike_of_burst": ("spike", burst.astype(np.int8), {"units": "1"}),
        }
    )
