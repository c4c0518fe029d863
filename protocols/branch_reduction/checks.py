"""The errors of the reduced cell, curve by curve, and what is tolerated."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.experiment.checks import Check
from htm_brian.fitting.reduction import FIRM, TOLERATED
from htm_brian.fitting.reduction_curves import Fit
from htm_brian.parameters import Model
from htm_brian.protocols.branch_reduction.measurement import edges, tuft_count

HTM = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23: a segment counts synapses"
POLSKY = "Polsky et al. 2004, Nat Neurosci 7:621: some 40 ms within a branch"
SCHILLER = "Schiller et al. 2000, Nature 404:285: 5.9 ± 1.5 mV, 64.4 ± 19.8 ms; half its spread"
FARINELLA = "Farinella et al. 2011, BMC Neurosci 12:P301: 40-50 mV, 50-100 ms"
LEAD = "an NMDA spike should advance a spike by 2-15 ms: errors below the least of that"
LARKUM = "Larkum et al. 1999, Nature 398:338: 2-4 spikes, window of several ms"
LEVELS = ("biophysical", "reduced")
EVENT_WINDOW, WINDOW = 5.0, 10.0
"""ms; tolerated errors of the last and the first tuft input that makes a burst."""


def errors(dataset: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    """Return reduced less biophysical, for each curve, over the range that counts."""
    original, copy = (dataset.sel(level=level) for level in LEVELS)
    names = ["threshold", "threshold_of_depolarisation", "threshold_of_spread", *TOLERATED]
    names += ["silent", "tuft_count", "basal_burst"]
    found = {name: np.atleast_1d((copy[name] - original[name]).to_numpy()) for name in names}
    above = dataset.synapses.to_numpy() >= float(original.threshold)
    for name in ("branch_peak", "soma_half_width", "branch_half_width"):
        found[name] = found[name][above]
    firm = dataset.strength.to_numpy() >= FIRM
    found["lead_of_weak"] = found["lead_of_strength"][~firm]
    found["lead_of_strength"] = found["lead_of_strength"][firm]
    near = dataset.spread.to_numpy() <= 40
    found["threshold_of_far"] = found["threshold_of_spread"]
    found["threshold_of_spread"] = found["threshold_of_spread"][near]
    found["half_width_of_spread"] = found["half_width_of_spread"][near]
    found["earliest"], found["latest"] = (edges(copy) - edges(original)).T
    both = (copy.tuft_window > 1) & (original.tuft_window > 1)
    found["burst_spikes"] = (copy.tuft_window - original.tuft_window).to_numpy()[both.to_numpy()]
    found["tuft_count"] = np.array([tuft_count(copy) - tuft_count(original)])
    return found


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the largest error of each curve against what is tolerated."""
    found = errors(dataset)

    def check(name: str, key: str, unit: str, most: float, source: str) -> Check:
        values = np.abs(found[key])
        worst = float(values.max()) if values.size else np.nan
        return Check(f"largest error: {name}", worst, unit, 0, most, source)

    n = dataset.attrs["n_basal"]
    return [
        check("threshold at rest", "threshold", "1", 1, HTM),
        check("threshold, 5-15 mV depolarised", "threshold_of_depolarisation", "1", 1, HTM),
        check("threshold, spread over up to 40 ms", "threshold_of_spread", "1", 1, POLSKY),
        check("threshold, spread over up to 100 ms", "threshold_of_far", "1", 2, POLSKY),
        check(
            "peak at the soma, 1 to all synapses",
            "soma_peak",
            "mV",
            TOLERATED["soma_peak"],
            SCHILLER,
        ),
        check(
            "peak in the branch, from the threshold",
            "branch_peak",
            "mV",
            TOLERATED["branch_peak"],
            FARINELLA,
        ),
        check(
            "half-width in the branch, from the threshold",
            "branch_half_width",
            "ms",
            TOLERATED["branch_half_width"],
            FARINELLA,
        ),
        check(
            "half-width at the soma, from the threshold",
            "soma_half_width",
            "ms",
            TOLERATED["soma_half_width"],
            SCHILLER,
        ),
        check(
            f"half-width at the soma, {n} synapses spread over up to 40 ms",
            "half_width_of_spread",
            "ms",
            TOLERATED["soma_half_width"],
            SCHILLER,
        ),
        check("peak at the soma, two and three branches", "branches_peak", "mV", 1, SCHILLER),
        check("spikes by one to three plateaus alone", "silent", "1", 0, HTM),
        check("lead, by delay", "lead_of_delay", "ms", TOLERATED["lead_of_delay"], LEAD),
        check("lead, by synapses", "lead_of_synapses", "ms", TOLERATED["lead_of_synapses"], LEAD),
        check(
            "lead, volley 1.2 to 2 times the smallest",
            "lead_of_strength",
            "ms",
            TOLERATED["lead_of_strength"],
            LEAD,
        ),
        check("lead, volley 1.05 and 1.1 times the smallest", "lead_of_weak", "ms", 2, LEAD),
        check("tuft synapses that make a burst of a spike", "tuft_count", "1", 1, LARKUM),
        check("spikes of a burst", "burst_spikes", "1", 1, LARKUM),
        check("earliest tuft input that makes a burst", "earliest", "ms", WINDOW, LARKUM),
        check("latest tuft input that makes a burst", "latest", "ms", EVENT_WINDOW, LARKUM),
        check(f"spikes, one out of a basal plateau of {n}", "basal_burst", "1", 1, LARKUM),
    ]


def metrics(
    dataset: xr.Dataset, found: Fit, fitted: Model, begun: Model, network: Model
) -> dict[str, object]:
    """Return the fitted values beside those of the network's cell, and root mean square errors."""
    rows: dict[str, object] = {}
    for path in found.values:
        table, _, key = path.partition(".")
        new, old = (model[table].parameter(key).text for model in (fitted, begun))
        rows[path] = f"{new} ({begun.name}: {old})"
    window = network["distal"].parameter("coincidence_window").text
    rows["coincidence window"] = f"{1e3 * found.window:g} ms ({network.name}: {window})"
    for name, values in errors(dataset).items():
        if values.size > 1:
            rows[f"rms error, {name.replace('_', ' ')}"] = float(np.sqrt(np.mean(values**2)))
    return rows
