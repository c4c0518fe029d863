"""What `burst_coding` demands of the three cells and of the decoder."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import CLAIM, FITTED, IDENTITY, Check, with_roles
from htm_brian.protocols.burst_coding.decoding import scatter_slope
from htm_brian.protocols.burst_coding.measurement import SOURCES
from htm_brian.protocols.burst_coding.stimulus import RATES, SIGNALS

NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329"
COMPUTED = f"{NAUD}: computed from its equations"
RARE = "bursts are rare when awake (Gentet et al. 2012: dendritic inhibition); target of 2 %"
CENTRAL = (200.0, 400.0)
"""pA into the soma; range over which cross-talk is judged."""

CELLS = ("two compartments", "awake", "tree")


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


ROLES = {FITTED: ("awake: ", "tree: "), CLAIM: ("decoder: ",)}
"""Roles of checks by how their names begin; the others were computed from the equations."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold all three cells and the decoder against the literature."""
    return with_roles(_checks(dataset), IDENTITY, ROLES)


def _checks(dataset: xr.Dataset) -> list[Check]:
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
