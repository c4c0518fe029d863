"""From level 2 to level 1: the reduced branch and cell are fitted, and shown beside the original.

Stimulus: the same at both levels. Synapses on one basal branch, together, spread in time, on a
depolarised cell, before a volley; synapses on the tuft around a spike. Measurement: the curves of
`htm_brian.fitting.reduction_curves.Curves`. The cell of level 1 is fitted to those of level 2, and
then measured by the same conditions in Brian2. Checks: the largest error of each curve.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import MECHANISMS
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.fitting.reduction import FIRM, FREE, TOLERATED, VOLLEY, fit
from htm_brian.fitting.reduction_curves import Fit
from htm_brian.fitting.reduction_file import fitted_model, to_toml
from htm_brian.parameters import Model, load_model
from htm_brian.protocols._reduction_curves import (
    BranchReductionParameters,
    edges,
    measure,
    to_curves,
    tuft_count,
)
from htm_brian.protocols._two_levels import Biophysical, Reduced

HTM = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23: a segment counts synapses"
POLSKY = "Polsky et al. 2004, Nat Neurosci 7:621: some 40 ms within a branch"
SCHILLER = "Schiller et al. 2000, Nature 404:285: 5.9 ± 1.5 mV, 64.4 ± 19.8 ms; half its spread"
FARINELLA = "Farinella et al. 2011, BMC Neurosci 12:P301: 40-50 mV, 50-100 ms"
LEAD = "an NMDA spike should advance a spike by 2-15 ms: errors below the least of that"
LARKUM = "Larkum et al. 1999, Nature 398:338: 2-4 spikes, window of several ms"

LEVELS = ("biophysical", "reduced")
EVENT_WINDOW, WINDOW = 5.0, 10.0
"""ms; tolerated errors of the last and the first tuft input that makes a burst."""


class BranchReduction(Protocol):
    """The fit of level 1 to level 2, and what it gets wrong."""

    name = "branch_reduction"
    claim = (
        "a branch can be reduced to an event, a threshold and a plateau whose length grows with "
        "the synapses, and a cell to four compartments, with small errors at the soma"
    )
    source = f"{HTM}; {SCHILLER}; {FARINELLA}; {LARKUM}"
    parameters = BranchReductionParameters()

    def __init__(self, parameters: BranchReductionParameters | None = None) -> None:
        super().__init__(parameters)
        self._detailed = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal", "tuft", "calcium_spike"):
            if table not in self._detailed:
                raise InputError(
                    f"branch_reduction needs a table [{table}] ({self._detailed.file})"
                )
        self._simple = load_model(self.parameters.reduced_model).require(MECHANISMS)
        self._network = load_model(self.parameters.network_model)

    def run(self, progress: Progress) -> Outcome:
        """Measure level 2, fit level 1, measure it."""
        parameters, rows = self.parameters, self._detailed.rows() + self._simple.rows()
        step = parameters.time_step
        stopped = Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        original = measure(Biophysical(self._detailed, step), parameters, progress, LEVELS[0])
        if original is None:
            return stopped
        free = tuple(path for path in FREE if not (parameters.keep_volley and path in VOLLEY))
        found = fit(to_curves(original, parameters), self._simple, free)
        fitted = fitted_model(
            self._simple,
            found,
            f"{self._simple.name}_fitted",
            f"{self._simple.name} with branch, plateaus and bursts as {self._detailed.name} has.",
            f"fitted to {self._detailed.name} by the protocol branch_reduction",
        )
        reduced = Reduced(fitted, step, window=1e3 * found.window)
        copy = measure(reduced, parameters, progress, LEVELS[1])
        if copy is None:
            return stopped
        if parameters.write:
            write(Path(parameters.write), fitted, found)
        dataset = xr.concat([original, copy], xr.Variable("level", list(LEVELS)))
        dataset.attrs |= {"n_basal": parameters.n_basal, "window": 1e3 * found.window}
        return Outcome(
            dataset,
            checks(dataset),
            metrics(dataset, found, fitted, self._simple, self._network),
            parameter_rows=self._detailed.rows() + fitted.rows(),
        )


def write(path: Path, model: Model, found: Fit) -> None:
    """Write the fitted model under the name of the file."""
    named = fitted_model(
        model, Fit({}, found.window, found.errors), path.stem, model.description, ""
    )
    heading = (
        "Written by: htm-brian run branch_reduction --set write=FILE. Layer-5 pyramidal cell of\n"
        "level 1, fitted to the cell of level 2. The window in which synapses count belongs to\n"
        f"the network; the fit finds {1e3 * found.window:g} ms."
    )
    path.write_text(to_toml(named, heading), encoding="utf-8")


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
