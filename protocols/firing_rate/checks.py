"""What `firing_rate` demands of its measurements, and what it sets beside them without a verdict.

The detailed cell's rates and intervals have no verdict: they are one cell's, and layer-5 cells
differ in rheobase, so that rates at one current say little. What they have in common is that the
rate grows slowly; the slope of the curve is held against the range of published ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import CLAIM, FITTED, IDENTITY, Check, with_roles
from htm_brian.protocols.firing_rate.current_steps import (
    ends,
    later_slowing,
    mean_interval,
    slope,
    slowing,
)
from htm_brian.protocols.firing_rate.epsp_summation import RATES, RECEPTORS, VOLLEY, depressed_drive
from htm_brian.protocols.firing_rate.rate_detection import deviation
from htm_brian.protocols.firing_rate.reference import (
    GUAN,
    HAY,
    HAY_INTERVALS,
    HAY_PASSIVE,
    HAY_RATES,
    RECORDED,
    RECORDED_ANSWERS,
)

SLOPES = (
    "from 12 Hz/nA (Hay et al. 2011, detailed cell, same currents) to 72 ± 1 Hz/nA in steps of 2 s "
    f"({GUAN})"
)

SLOPE_BETWEEN = (0.619, 1.0)
"""nA; where this cell and the detailed one both fire."""

CLOSED_FORM = "closed form: (threshold - rest) x input conductance of the resting cell"
EXACT = "the same equations solved without a time step (htm_brian.cells.exact)"
THREAD = (
    "HTM forum, LTP/LTD and stochastic synapses: an EPSP lasts 25 ms, ends where the next begins "
    "at 40 Hz, overlaps it by half at 80 Hz"
)

SUPERPOSITION = "superposition of potentials that are small beside the driving force"
COURSE = "difference of two exponentials (htm_brian.synapses.release.epsp)"
COINCIDENCE = "20 synapses, p = 0.5, threshold 10, Poisson spikes; closed form to two digits"
QUOTED = {(20.0, 50.0): 0.23, (40.0, 50.0): 0.93, (80.0, 50.0): 1.0, (100.0, 10.0): 0.23}
"""Probability of detection by rate (Hz) and window (ms)."""

MOST_DEVIATION = 4.0
"""Standard errors: of 24 points none is farther off, but once in a thousand runs."""

ROLES = {
    FITTED: ("level 2: ",),
    CLAIM: ("level 1: last over first", "level 2, ", "coincidence within"),
    IDENTITY: ("level 2: steps of the curve",),
}
"""Roles of checks by how their names begin; the others hold by their closed form."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Return all checks."""
    return with_roles(_checks(dataset), IDENTITY, ROLES)


def _checks(dataset: xr.Dataset) -> list[Check]:
    return [
        *level_1(dataset),
        *level_2(dataset.sel(level=2)),
        *summation(dataset),
        *coincidence(dataset),
    ]


def level_1(dataset: xr.Dataset) -> list[Check]:
    """Hold the reduced cell against the closed forms."""
    cell = dataset.sel(level=1)
    interval, exact = (mean_interval(t) for t in (cell.spike_time, dataset.exact_spike_time))
    ratio, exact_ratio = (slowing(t) for t in (cell.spike_time, dataset.exact_spike_time))
    strongest = float(ratio.isel(current=-1))
    late = np.abs(cell.latency / dataset.exact_latency - 1)
    return [
        _near("level 1: rheobase", cell.rheobase, dataset.exact_rheobase, "nA", CLOSED_FORM),
        _near(
            "level 1: input resistance",
            cell.input_resistance,
            dataset.exact_input_resistance,
            "Mohm",
            "closed form: leaks and couplings in series and in parallel",
        ),
        _never_falls("level 1", cell),
        Check(
            "level 1: mean interspike interval less exact one, largest, relative",
            float(np.abs(interval / exact - 1).max()),
            "1",
            None,
            0.01,
            EXACT,
        ),
        Check(
            "level 1: first-spike latency less exact one, largest, relative",
            float(late.max()),
            "1",
            None,
            0.01,
            EXACT,
        ),
        Check(
            "level 1: last over first interspike interval, highest current",
            strongest,
            "1",
            1.0,
            None,
            "Naud & Sprekeler 2018: spikes add to an adaptation current",
        ),
        Check(
            "level 1: that ratio less exact one",
            abs(strongest - float(exact_ratio.isel(current=-1))),
            "1",
            None,
            0.02,
            EXACT,
        ),
    ]


def _near(name: str, value: xr.DataArray, exact: xr.DataArray, unit: str, source: str) -> Check:
    return Check(name, float(value), unit, 0.99 * float(exact), 1.01 * float(exact), source)


def _never_falls(level: str, cell: xr.Dataset) -> Check:
    return Check(
        f"{level}: steps of the curve on which the rate falls",
        int((cell.rate.diff("current") < 0).sum()) if (cell.rate > 0).any() else np.nan,
        "1",
        None,
        0,
        "an integrate-and-fire cell has no depolarisation block",
    )


def level_2(cell: xr.Dataset) -> list[Check]:
    """Hold the biophysical cell against what layer-5 cells do."""
    later = cell.latency.dropna("current").diff("current")
    return [
        Check(
            "level 2: input resistance",
            float(cell.input_resistance),
            "Mohm",
            0.8 * HAY_PASSIVE["resistance"],
            1.2 * HAY_PASSIVE["resistance"],
            f"{HAY}: 37.3 Mohm; a fifth to either side",
        ),
        Check(
            "level 2: rheobase",
            float(cell.rheobase),
            "nA",
            0.3,
            0.619,
            f"{HAY}: silent at 0.3 nA, 11 Hz at 0.619 nA",
        ),
        _never_falls("level 2", cell),
        Check(
            "level 2: slope of the rate from 0.619 to 1 nA",
            slope(cell.rate, *SLOPE_BETWEEN),
            "Hz/nA",
            12,
            72,
            SLOPES,
        ),
        Check(
            "level 2: last over first interspike interval, smallest",
            float(slowing(cell.spike_time).min()),
            "1",
            1.0,
            None,
            f"{HAY}: 9.6 at 0.619 nA and 9.8 at 1 nA",
        ),
        Check(
            "level 2: last interspike interval over that after 0.3 s, smallest",
            float(later_slowing(cell.spike_time).min()),
            "1",
            1.0,
            None,
            f"{GUAN}: the rate falls by 17 % from the third to the last interval",
        ),
        Check(
            "level 2: change of the first-spike latency from one current to the next, largest",
            float(later.max()) if later.size else np.nan,
            "ms",
            None,
            0.0,
            f"{RECORDED}: 27, 20 and 10.5 ms at 0.458, 0.562 and 0.95 nA",
        ),
    ]


def summation(dataset: xr.Dataset) -> list[Check]:
    """Hold single potentials against the thread's 25 ms, trains against sums of single ones."""
    found = []
    for synapse in dataset.synapse.to_numpy():
        if synapse == VOLLEY:
            continue
        left = dataset.left.sel(synapse=synapse)
        for after, most in ((25.0, 25.0), (12.5, 60.0)):
            found.append(
                Check(
                    f"level 2, {synapse}: of an EPSP left when the next comes after {after:g} ms",
                    100 * float(left.sel(after=after)),
                    "%",
                    None,
                    most,
                    THREAD,
                )
            )
    # A synapse's potential is close to a difference of two exponentials. The volley of level 1 is
    # not, for its conductance decays about as slowly as the membrane.
    names = {
        "superposed": ("the sum of single ones", list(dataset.synapse.to_numpy()), SUPERPOSITION),
        "by_time_course": ("the sum of fitted time courses", list(RECEPTORS), COURSE),
    }
    for name, (words, synapses, source) in names.items():
        measured, expected = (
            dataset[each].sel(synapse=synapses) for each in ("late_over_first", name)
        )
        which = "any" if VOLLEY in synapses else "level 2"
        found.append(
            Check(
                f"late over first potential in a train less that of {words}, {which}, relative",
                float(np.abs((measured / expected).to_numpy() - 1).max()),
                "1",
                None,
                0.05,
                source,
            )
        )
    return found


def coincidence(dataset: xr.Dataset) -> list[Check]:
    """Hold the closed form against what is quoted, and the other two against the closed form."""
    exact = dataset.detection
    found = [
        Check(
            f"coincidence within {window:g} ms at {rate:g} Hz, closed form",
            float(exact.sel(input_rate=rate, window=window)),
            "1",
            quoted - 0.005,
            min(quoted + 0.005, 1.0),
            COINCIDENCE,
        )
        for (rate, window), quoted in QUOTED.items()
    ]
    ways = {
        "sampled": ("sampled windows", "trials"),
        "spiking": ("branches of level 1", "branches"),
    }
    for name, (words, number) in ways.items():
        measured = dataset[f"detection_{name}"]
        found.append(
            Check(
                f"coincidence, {words} less closed form, largest",
                deviation(measured, exact, dataset.attrs[number]),
                "standard errors",
                None,
                MOST_DEVIATION,
                "closed form: binomial over synapses, thinned Poisson spikes",
            )
        )
    fastest = dataset.detection_spiking.sel(input_rate=100, window=50)
    return [
        *found,
        Check(
            "coincidence within 50 ms at 100 Hz, branches of level 1",
            float(fastest),
            "1",
            0.99,
            None,
            "HTM forum, LTP/LTD and stochastic synapses: up to probability 1 at some 100 Hz",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return what stands beside the checks; nothing is demanded of it."""
    return _step_metrics(dataset) | _rate_metrics(dataset)


def _step_metrics(dataset: xr.Dataset) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for level in (1, 2):
        cell = dataset.sel(level=level)
        words = f"level {level}: "
        found[f"{words}input resistance, Mohm"] = float(cell.input_resistance)
        found[f"{words}membrane time constant, ms"] = float(cell.time_constant)
        found[f"{words}steady over largest deflection"] = float(cell.sag)
        found[f"{words}slope of the rate, Hz/nA"] = slope(cell.rate, *SLOPE_BETWEEN)
        first, last = ends(cell.spike_time)
        for current in HAY_RATES:
            here = cell.sel(current=current, method="nearest")
            found[f"{words}rate at {current:g} nA, Hz"] = float(here.rate)
        for current in HAY_INTERVALS:
            here = cell.sel(current=current, method="nearest")
            at = {"current": current, "method": "nearest"}
            found[f"{words}first interval at {current:g} nA, ms"] = float(first.sel(**at))
            found[f"{words}last interval at {current:g} nA, ms"] = float(last.sel(**at))
            found[f"{words}last interval over that after 0.3 s at {current:g} nA"] = float(
                later_slowing(cell.spike_time).sel(**at)
            )
            found[f"{words}latency at {current:g} nA, ms"] = float(here.latency)
            found[f"{words}adaptation index at {current:g} nA"] = float(here.adaptation_index)
            found[f"{words}variation of intervals at {current:g} nA"] = float(
                here.interval_variation
            )
    found["level 2: input resistance of the passive tree, Mohm"] = float(dataset.passive_resistance)
    found["input resistance, Hay 2011, Mohm"] = HAY_PASSIVE["resistance"]
    found["steady over largest deflection, Hay 2011"] = HAY_PASSIVE["sag"]
    for current, rate in HAY_RATES.items():
        found[f"rate at {current:g} nA, Hay 2011, Hz"] = rate
    for current, (begin, end) in HAY_INTERVALS.items():
        found[f"first interval at {current:g} nA, Hay 2011, ms"] = begin
        found[f"last interval at {current:g} nA, Hay 2011, ms"] = end
    found["rheobase, Hay 2011, nA"] = "0.3 to 0.4"
    for name, value in RECORDED_ANSWERS.items():
        found[f"{RECORDED}, 0.562 nA: {name}"] = value
    return found


def _rate_metrics(dataset: xr.Dataset) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for synapse in dataset.synapse.to_numpy():
        here = dataset.sel(synapse=synapse)
        found[f"{synapse}: peak of one potential, mV"] = float(here.peak)
        found[f"{synapse}: half-width, ms"] = float(here.half_width)
        found[f"{synapse}: until a quarter is left, ms"] = float(here.over)
        found[f"{synapse}: decay of the fitted time course, ms"] = float(here.decay)
        for rate in RATES:
            train = here.sel(train=rate)
            found[f"{synapse}: late over first potential at {rate:g} Hz"] = float(
                train.late_over_first
            )
            found[f"{synapse}: the same by the fitted time course at {rate:g} Hz"] = float(
                train.by_time_course
            )
            found[f"{synapse}: overlap of two potentials at {rate:g} Hz"] = max(
                0.0, 1 - 1e3 / rate / float(here.over)
            )
    drive = depressed_drive(0.5, 0.8)
    for rate, value in zip(RATES, drive, strict=True):
        found[f"drive by a depressing synapse (U 0.5, 800 ms) at {rate:g} Hz, first spikes/s"] = (
            float(value)
        )
    for rate in (40.0, 80.0, 100.0):
        at = dataset.detection_level_2.sel(input_rate=rate, window=50)
        found[f"NMDA plateaus of level 2 within 50 ms at {rate:g} Hz, share"] = float(at)
    return found
