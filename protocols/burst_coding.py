"""Burst coding: one ensemble carries two signals, in its event rate and in its burst fraction.

Stimulus: currents into soma and dendrite of ensembles of noisy cells, in a table of static values,
and for one ensemble of 4,000 cells as two independent signals in time. Measurement: events, that is
isolated spikes and bursts; how well the signals are read back from event rate and burst fraction,
and from the firing rate; how the estimate of the burst fraction scatters with the size of the
ensemble. The same table for the cell of the awake animal, and for the tree of compartments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, pA, second
from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical
from htm_brian.electrophysiology.ensembles import COURSE_STEP, run_courses, run_ensembles
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.fitting import resting
from htm_brian.mechanisms import active_dendrite, metabotropic
from htm_brian.parameters import Model, Table, load_model
from htm_brian.protocols._burst_decoding import (
    BIN,
    SIZES,
    burst_fraction_scatter,
    decode,
    explained,
    scatter_slope,
    smooth_signals,
    time_courses,
)
from htm_brian.sdr.cell_bursts import summarise

NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329"
COMPUTED = f"{NAUD}: computed from its equations"
RARE = "bursts are rare when awake (Gentet et al. 2012: dendritic inhibition); target of 2 %"
RATES = {100: 2.26, 200: 4.49, 300: 7.05, 400: 9.77, 500: 12.61}
"""Hz at so many pA into the soma and none into the dendrite, computed from the equations."""

SETTLE = 0.3
"""Seconds at the start of a run that are not counted."""
CENTRAL = (200.0, 400.0)
"""pA into the soma; range over which cross-talk is judged."""
SOURCES = ("event rate and burst fraction", "firing rate")
SIGNALS = ("soma", "dendrite")
CELLS = ("two compartments", "awake", "tree")


@dataclass(frozen=True)
class BurstCodingParameters:
    """What a run of `BurstCoding` depends on."""

    model: str = "naud_sprekeler"
    awake_model: str = "l5_awake"
    tree_model: str = "l5_thick_tufted"
    cells_each: int = 160
    duration: Quantity = quantity(2.7 * second)
    time_step: Quantity = quantity(0.2 * ms)
    tree_cells_each: int = 150
    n_cells: int = 4000
    signal_duration: Quantity = quantity(5 * second)
    signal_time_constant: Quantity = quantity(100 * ms)
    soma_mean: Quantity = quantity(300 * pA)
    soma_deviation: Quantity = quantity(75 * pA)
    dendrite_mean: Quantity = quantity(75 * pA)
    dendrite_deviation: Quantity = quantity(100 * pA)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("cells_each", self.cells_each, low=1)
        check_integer("tree_cells_each", self.tree_cells_each, low=1)
        check_integer("n_cells", self.n_cells, low=2 * SIZES[-1])
        check_integer("seed", self.seed, low=0)
        for name in ("duration", "signal_duration"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value < 0.5 * second:
                raise InputError(f"{name} must be a time of at least 0.5 s, got {value}")
        for name in ("time_step", "signal_time_constant"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value <= 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        for name in ("soma_mean", "soma_deviation", "dendrite_mean", "dendrite_deviation"):
            if not have_same_dimensions(getattr(self, name), pA):
                raise InputError(f"{name} must have a unit like pA, got {getattr(self, name)}")


SOMA = np.array(list(RATES), dtype=np.float64)
DENDRITE = np.array([-200.0, -100.0, 0.0, 100.0, 200.0])


class BurstCoding(Protocol):
    """Two signals in one ensemble: event rate for the soma, burst fraction for the dendrite."""

    name = "burst_coding"
    claim = (
        "the event rate of an ensemble follows the input to the soma and its burst fraction that "
        "to the dendrite, so that both can be read from the same spikes; awake, bursts are rare"
    )
    source = f"{NAUD}; discussion: Ensembles of neocortical microcircuits"
    parameters = BurstCodingParameters()

    def __init__(self, parameters: BurstCodingParameters | None = None) -> None:
        super().__init__(parameters)
        p = self.parameters
        self._models = dict(
            zip(CELLS, map(load_model, (p.model, p.awake_model, p.tree_model)), strict=True)
        )
        for name, model in self._models.items():
            biophysical.require(model)
            place = "nexus" if name == "tree" else active_dendrite.TABLE
            if place not in model or "spike" not in model:
                raise InputError(
                    f"burst_coding needs the tables [spike] and [{place}] ({model.file})"
                )

    def run(self, progress: Progress) -> Outcome:
        """Measure the tables of the three cells, then the signals."""
        rows = [row for model in self._models.values() for row in model.rows()]
        found = []
        for name, model in self._models.items():
            part = run_table(name, model, self._models[CELLS[0]], self.parameters, progress)
            if part is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(part)
        signals = run_signals(self._models[CELLS[0]], self.parameters, progress)
        if signals is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        dataset = xr.concat(found, xr.Variable("cell", list(CELLS))).merge(signals)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)


# Static currents


def run_table(
    name: str, model: Model, ensemble: Model, parameters: BurstCodingParameters, progress: Progress
) -> xr.Dataset | None:
    """Return event rate and bursts for each pair of currents; None if the run was stopped."""
    soma, dendrite = (grid.ravel() for grid in np.meshgrid(SOMA, DENDRITE, indexing="ij"))
    each, duration = parameters.cells_each, parameters.duration
    place, scales = active_dendrite.COMPARTMENT, (1.0, 1.0)
    if name == "tree":
        place, scales = "nexus", current_scales(model, ensemble)
        model = with_background(model, ensemble, scales)
        each = parameters.tree_cells_each
    spikes = run_ensembles(
        model,
        {
            "injected_current": soma * scales[0],
            f"injected_current_{place}": dendrite * scales[1],
        },
        each,
        duration,
        parameters.time_step,
        parameters.seed,
        progress,
        f"static currents, {name}",
    )
    if spikes is None:
        return None
    whole = summarise(spikes.events(SETTLE), len(soma), each, float(duration) - SETTLE)
    shape = (len(SOMA), len(DENDRITE))
    dims = ("soma_current", "dendrite_current")
    return xr.Dataset(
        {
            "event_rate": (dims, whole.event_rate.reshape(shape), {"units": "Hz"}),
            "burst_fraction": (dims, whole.burst_fraction.reshape(shape), {"units": "1"}),
            "spikes_per_burst": (dims, whole.spikes_per_burst.reshape(shape), {"units": "1"}),
            "interval": (dims, 1e3 * whole.interval.reshape(shape), {"units": "ms"}),
            "n_bursts": (dims, whole.n_bursts.reshape(shape), {"units": "1"}),
            "soma_scale": ((), scales[0], {"units": "1"}),
            "dendrite_scale": ((), scales[1], {"units": "1"}),
        },
        coords={
            "soma_current": ("soma_current", SOMA, {"units": "pA"}),
            "dendrite_current": ("dendrite_current", DENDRITE, {"units": "pA"}),
        },
    )


def current_scales(model: Model, ensemble: Model) -> tuple[float, float]:
    """Return by what currents into soma and nexus of a tree depolarise it as the ensemble's cell.

    That is the ratio of the resistances: it makes currents comparable without a new constant.
    """
    soma = 1 / (float(ensemble["soma"]["leak_conductance"]) * resting.input_resistance(model))
    leak = float(ensemble["dendrite"]["leak_conductance"])
    return soma, 1 / (leak * resting.input_resistance(model, "nexus"))


def with_background(model: Model, ensemble: Model, scales: tuple[float, float]) -> Model:
    """Return the tree in the ensemble's backgrounds, without receptors, which nothing opens."""
    kept = [t for t in model.tables if t.name not in ("ampa", "nmda", "gaba", metabotropic.TABLE)]
    places = {"soma": "soma", "dendrite": "nexus"}
    for (given, place), scale in zip(places.items(), scales, strict=True):
        kept.append(scaled(ensemble[f"{given}_background"], f"{place}_background", scale))
    return replace(model, tables=tuple(kept))


def scaled(table: Table, name: str, scale: float) -> Table:
    """Return a table of a background under another name, its currents times `scale`."""
    found = []
    for parameter in table.parameters:
        value = parameter.quantity if parameter.unit != "pA" else parameter.quantity * scale
        found.append(replace(parameter.with_value(value), table=name))
    return Table(name, tuple(found), table.file)


# Signals


def run_signals(
    model: Model, parameters: BurstCodingParameters, progress: Progress
) -> xr.Dataset | None:
    """Return what one ensemble did under two signals, and what decoders read from it."""
    n = round((float(parameters.signal_duration) + SETTLE) / COURSE_STEP)
    courses = {
        name: float(getattr(parameters, f"{name}_mean") / pA)
        + float(getattr(parameters, f"{name}_deviation") / pA) * course
        for name, course in smooth_signals(
            SIGNALS, n, float(parameters.signal_time_constant), parameters.seed
        ).items()
    }
    spikes = run_courses(
        model,
        {
            "injected_current": courses["soma"],
            "injected_current_dendrite": courses["dendrite"],
        },
        parameters.n_cells,
        parameters.time_step,
        parameters.seed,
        progress,
        "two signals",
    )
    if spikes is None:
        return None
    n_bins = round(float(parameters.signal_duration) / BIN)
    per_bin = round(BIN / COURSE_STEP)
    skip = round(SETTLE / COURSE_STEP)
    inputs = np.array(
        [
            c[skip : skip + n_bins * per_bin].reshape(n_bins, -1).mean(axis=1)
            for c in courses.values()
        ]
    )
    events = spikes.events(SETTLE)
    rates = time_courses(spikes, events, SETTLE, n_bins, parameters.n_cells)
    features = {
        SOURCES[0]: np.array([rates["event_rate_course"], rates["burst_fraction_course"]]),
        SOURCES[1]: np.array([rates["firing_rate_course"]]),
    }
    decoded = np.array([decode(features[source], inputs) for source in SOURCES])
    scatter = burst_fraction_scatter(
        events, SETTLE, float(parameters.signal_duration), parameters.n_cells
    )
    units = {"burst_fraction_course": "1"}
    return xr.Dataset(
        {
            "input": (("signal", "time"), inputs, {"units": "pA"}),
            "decoded": (("source", "signal", "time"), decoded, {"units": "pA"}),
            "explained": (("source", "signal"), explained(decoded, inputs), {"units": "1"}),
            "scatter": (("size",), scatter, {"units": "1"}),
            **{name: (("time",), v, {"units": units.get(name, "Hz")}) for name, v in rates.items()},
        },
        coords={
            "signal": list(SIGNALS),
            "source": list(SOURCES),
            "time": ("time", BIN * (np.arange(n_bins) + 0.5), {"units": "s"}),
            "size": ("size", list(SIZES), {"units": "cells"}),
        },
    )


# Checks


def central(cell: xr.Dataset) -> xr.Dataset:
    """Return the part of a table over which cross-talk is judged."""
    return cell.sel(soma_current=slice(*CENTRAL))


def rate_crosstalk(cell: xr.Dataset) -> float:
    """Return the largest change of event rate with the dendrite's current, in %."""
    rate = central(cell).event_rate
    span = rate.max("dendrite_current") - rate.min("dendrite_current")
    return 100 * float((span / rate.sel(dendrite_current=0)).max())


def burst_crosstalk(cell: xr.Dataset) -> float:
    """Return the largest change of burst fraction with the soma's current, in points."""
    share = central(cell).burst_fraction
    return 100 * float((share.max("soma_current") - share.min("soma_current")).max())


def burst_rise(cell: xr.Dataset) -> float:
    """Return the least rise of the burst fraction from the lowest to the highest current."""
    share = central(cell).burst_fraction.isel(dendrite_current=[0, -1])
    return 100 * float(share.diff("dendrite_current").min())


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold all three cells and the decoder against the literature."""
    cell, awake, branched = (dataset.sel(cell=name) for name in CELLS)
    found = [
        Check(
            f"event rate, {current} pA into the soma",
            float(cell.event_rate.sel(soma_current=current, dendrite_current=0)),
            "Hz",
            round(0.85 * rate, 4),
            round(1.15 * rate, 4),
            f"{COMPUTED}: {rate} Hz, 15 %",
        )
        for current, rate in RATES.items()
    ]
    found += table_checks(cell)
    return found + awake_checks(cell, awake) + tree_checks(branched) + signal_checks(dataset)


def table_checks(cell: xr.Dataset) -> list[Check]:
    """Return the checks of cross-talk and of what bursts are like."""
    enough = cell.n_bursts >= 30
    size, interval = cell.spikes_per_burst.where(enough), cell.interval.where(enough)
    return [
        Check(
            "change of event rate with the dendrite's current, at most",
            rate_crosstalk(cell),
            "%",
            None,
            15,
            f"{COMPUTED}: 9 %",
        ),
        Check(
            "change of burst fraction with the soma's current, at most",
            burst_crosstalk(cell),
            "points",
            None,
            4,
            COMPUTED,
        ),
        Check(
            "rise of burst fraction with the dendrite's current, at least",
            burst_rise(cell),
            "points",
            10,
            None,
            f"{COMPUTED}: from 1 to 19 %",
        ),
        Check("spikes per burst, fewest", float(size.min()), "1", 2, 4, COMPUTED),
        Check("spikes per burst, most", float(size.max()), "1", 2, 4, COMPUTED),
        Check("interval within bursts, shortest", float(interval.min()), "ms", 8, 13, COMPUTED),
        Check("interval within bursts, longest", float(interval.max()), "ms", 8, 13, COMPUTED),
    ]


def awake_checks(cell: xr.Dataset, awake: xr.Dataset) -> list[Check]:
    """Return the checks of the cell under tonic inhibition of its dendrite."""
    low = {"dendrite_current": slice(None, -100)}
    change = awake.event_rate.sel(low) / cell.event_rate.sel(low) - 1
    return [
        Check(
            "awake: burst fraction, -100 pA or less into the dendrite, at most",
            100 * float(awake.burst_fraction.sel(low).max()),
            "%",
            None,
            2,
            RARE,
        ),
        Check(
            "awake: change of event rate there by tonic inhibition, at most",
            100 * float(abs(change).max()),
            "%",
            None,
            15,
            f"{RARE}; the event rate stays within 15 %",
        ),
    ]


def tree_checks(branched: xr.Dataset) -> list[Check]:
    """Return the checks of the tree of compartments."""
    return [
        Check(
            "tree: rise of burst fraction with the dendrite's current, at least",
            burst_rise(branched),
            "points",
            10,
            None,
            NAUD,
        ),
        Check(
            "tree: change of event rate with the dendrite's current, at most",
            rate_crosstalk(branched),
            "%",
            None,
            15,
            f"{NAUD}: as for the two-compartment cell",
        ),
    ]


def signal_checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of the two signals in time, and of the ensemble's size."""
    # A decoder that explains less than nothing is no better than the signal's mean, which is 0.
    both, rate = (dataset.explained.sel(source=source) for source in SOURCES)
    half = "target: more than half of its variance, in the half that was not fitted"
    return [
        *(
            Check(
                f"decoder: variance of the {name}'s signal that is explained",
                float(both.sel(signal=name)),
                "1",
                0.5,
                None,
                half,
            )
            for name in SIGNALS
        ),
        *(
            Check(
                f"decoder: lead over one that reads the firing rate, {name}'s signal",
                float((both - rate.clip(min=0)).sel(signal=name)),
                "1",
                lead,
                None,
                f"{NAUD}: a firing rate collapses the two; target",
            )
            for name, lead in (("soma", 0.0), ("dendrite", 0.2))
        ),
        Check(
            "exponent of the burst fraction's scatter against the ensemble's size",
            scatter_slope(dataset["size"], dataset.scatter),
            "1",
            -0.6,
            -0.4,
            "independent cells: one over the square root of their number",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found = {
        f"correlation of {name.replace('_course', '').replace('_', ' ')} with the {place}": float(
            np.corrcoef(dataset[name], dataset.input.sel(signal=place))[0, 1]
        )
        for name in ("event_rate_course", "burst_fraction_course", "firing_rate_course")
        for place in SIGNALS
    }
    for source in SOURCES:
        for place in SIGNALS:
            found[f"variance of the {place}'s signal explained by {source}"] = float(
                dataset.explained.sel(source=source, signal=place)
            )
    found["correlation of the two signals"] = float(np.corrcoef(dataset.input)[0, 1])
    branched = dataset.sel(cell="tree")
    found["tree: burst fraction, least, %"] = 100 * float(central(branched).burst_fraction.min())
    found["tree: burst fraction, most, %"] = 100 * float(central(branched).burst_fraction.max())
    found["tree: spikes per burst, mean"] = float(central(branched).spikes_per_burst.mean())
    found["tree: interval within bursts, mean, ms"] = float(central(branched).interval.mean())
    found["tree: change of burst fraction with the soma's current, points"] = burst_crosstalk(
        branched
    )
    for place in SIGNALS:
        found[f"tree: currents into the {place} times"] = float(branched[f"{place}_scale"])
    return found
