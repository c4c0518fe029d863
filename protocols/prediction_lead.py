"""Prediction: an NMDA spike alone is silent, and brings the next spike forward (Hawkins & Ahmad).

Stimulus: a feedforward volley, synapses of the soma that fire within 8 ms; before it, in the
cells that predict, coincident synapses on one basal branch. Every condition is a cell. Measurement:
the first spike after the volley's onset, with and without the NMDA spike. First the smallest volley
that fires a resting cell is found; the others are multiples of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical, tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus, evenly, stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import Model, load_model

HTM = (
    "Hawkins & Ahmad 2016, Front Neural Circuits 10:23: a dendritic NMDA spike depolarises the "
    "soma without a spike, and the cell then fires earlier"
)
LEAD = "target of 2-15 ms; Bouhadjar et al. 2022 (spiking TM): 1.4 ms"
EGGER = "Egger et al. 2020: proximal drive within 8 ms decides on a spike"

STRENGTHS = np.array([1.05, 1.1, 1.2, 1.4, 1.7, 2.0])
"""Of the volley, in smallest volleys that fire the resting cell."""
DELAYS = np.arange(0.0, 151.0, 10.0)
"""ms, from the basal synapses to the volley's onset."""
MATTERS = (10.0, 50.0)
"""ms; delays within one element of a sequence."""
ONSET = 160.0
"""ms; begin of the volley."""


@dataclass(frozen=True)
class PredictionLeadParameters:
    """What a run of `PredictionLead` depends on."""

    model: str = "l5_thick_tufted"
    n_basal: int = 20
    most_basal: int = 40
    volley_window: Quantity = quantity(8 * ms)
    volley_strength: float = 1.4
    delay: Quantity = quantity(30 * ms)
    most_feedforward: int = 600
    duration: Quantity = quantity(250 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_basal", self.n_basal, low=1)
        check_integer("most_basal", self.most_basal, low=1)
        check_integer("most_feedforward", self.most_feedforward, low=10)
        check_number("volley_strength", self.volley_strength, low=1)
        for name in ("volley_window", "duration", "time_step", "delay"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value <= 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        if self.duration < (ONSET + 60) * ms:
            raise InputError(f"duration must be at least {ONSET + 60:g} ms, got {self.duration}")


class PredictionLead(Protocol):
    """What an NMDA spike does to the cell's next spike."""

    name = "prediction_lead"
    claim = "an NMDA spike alone never fires the cell, and advances its first spike to a volley"
    source = HTM
    parameters = PredictionLeadParameters()

    def __init__(self, parameters: PredictionLeadParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal"):
            if table not in self._model:
                raise InputError(f"prediction_lead needs a table [{table}] ({self._model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Find the smallest volley that fires the cell, then all conditions at once."""
        parameters, model = self.parameters, self._model
        least = least_volley(model, parameters, progress)
        dataset = None if least is None else predict(model, parameters, least, progress)
        if dataset is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())


def volley(parameters: PredictionLeadParameters, n: int) -> NDArray[np.float64]:
    """Return when the `n` synapses of a volley fire, in seconds: evenly over the window."""
    return evenly(ONSET * 1e-3, float(parameters.volley_window), n)


def least_volley(
    model: Model, parameters: PredictionLeadParameters, progress: Progress
) -> int | None:
    """Return the fewest synapses that fire a resting cell; None if the run was stopped."""
    low, high = 0, parameters.most_feedforward
    while high - low > 1:
        sizes = np.unique(np.linspace(low + 1, high, 120).astype(int))
        stimulus = Stimulus(len(sizes))
        for cell, n in enumerate(sizes):
            stimulus.synapses(cell, on_glutamate("soma"), volley(parameters, n))
        traces = stimulate(
            model,
            stimulus,
            (ONSET + 40) * ms,
            parameters.time_step,
            progress,
            record=(),
            description="smallest volley",
        )
        if not traces.complete:
            return None
        fired = np.array([len(train) > 0 for train in traces.spikes])
        if not fired.any():
            raise InputError(
                f"a volley of {sizes[-1]} synapses does not fire the cell; raise most_feedforward"
            )
        first = int(np.argmax(fired))
        low, high = int(sizes[first - 1]) if first else low, int(sizes[first])
    return high


def predict(
    model: Model, parameters: PredictionLeadParameters, least: int, progress: Progress
) -> xr.Dataset | None:
    """Return first spikes with and without an NMDA spike; None if the run was stopped."""
    delay = float(parameters.delay / ms)
    # (volley in smallest ones, basal synapses on each branch, branches, delay of the volley in ms)
    rows: list[tuple[float, int, int, float]] = []
    rows += [(float(strength), 0, 0, 0.0) for strength in STRENGTHS]
    rows += [(float(strength), parameters.n_basal, 1, delay) for strength in STRENGTHS]
    rows += [(parameters.volley_strength, 0, 0, 0.0)]
    rows += [(parameters.volley_strength, parameters.n_basal, 1, float(d)) for d in DELAYS]
    basal = np.arange(1, parameters.most_basal + 1)
    rows += [(0.0, int(k), 1, 100.0) for k in basal]
    rows += [(parameters.volley_strength, int(k), 1, delay) for k in basal]
    n_branches = int(model["basal"]["branches"])
    rows += [(0.0, parameters.n_basal, n, 100.0) for n in range(1, n_branches + 1)]
    stimulus = Stimulus(len(rows))
    for cell, (strength, k, branches, wait) in enumerate(rows):
        n = round(strength * least)
        if n:
            stimulus.synapses(cell, on_glutamate("soma"), volley(parameters, n))
        for number in range(branches if k else 0):
            arrival = np.full(k, (ONSET - wait) * 1e-3)
            stimulus.glutamate(cell, tree.outermost(model, "basal", number), arrival)
    traces = stimulate(
        model,
        stimulus,
        parameters.duration,
        parameters.time_step,
        progress,
        sample=max(1, round(float(0.1 * ms / parameters.time_step))),
        description="with and without an NMDA spike",
    )
    if not traces.complete:
        return None
    first = np.array([1e3 * train[0] - ONSET if len(train) else np.nan for train in traces.spikes])
    count = np.array([len(train) for train in traces.spikes])
    s, d, k = len(STRENGTHS), len(DELAYS), len(basal)
    at = np.cumsum([0, s, s, 1, d, k, k, n_branches])
    soma = traces.potential("soma")
    shown = [at[2], at[3] + int(np.argmin(np.abs(DELAYS - delay))), at[4] + parameters.n_basal - 1]
    return xr.Dataset(
        {
            "latency": (("strength",), first[: at[1]], {"units": "ms"}),
            "predicted_latency": (("strength",), first[at[1] : at[2]], {"units": "ms"}),
            "unpredicted": ((), first[at[2]], {"units": "ms"}),
            "latency_by_delay": (("delay",), first[at[3] : at[4]], {"units": "ms"}),
            "spikes_without_volley": (("basal",), count[at[4] : at[5]], {"units": "1"}),
            "latency_by_basal": (("basal",), first[at[5] : at[6]], {"units": "ms"}),
            "spikes_of_branches": (("branches",), count[at[6] :], {"units": "1"}),
            "trace": (("shown", "time"), soma[shown], {"units": "mV"}),
        },
        coords={
            "strength": STRENGTHS,
            "delay": ("delay", DELAYS, {"units": "ms"}),
            "basal": basal,
            "branches": np.arange(1, n_branches + 1),
            "shown": ["volley", "NMDA spike and volley", "NMDA spike"],
            "time": ("time", traces.time * 1e3 - ONSET, {"units": "ms"}),
        },
        attrs={
            "least_volley": least,
            "n_basal": parameters.n_basal,
            "volley_strength": parameters.volley_strength,
            "delay": delay,
        },
    )


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold silence and lead against the claim."""
    lead = dataset.latency - dataset.predicted_latency
    by_delay = dataset.unpredicted - dataset.latency_by_delay
    near = by_delay.sel(delay=slice(*MATTERS))
    standard = float(lead.sel(strength=dataset.attrs["volley_strength"], method="nearest"))
    window = f"{MATTERS[0]:g}-{MATTERS[1]:g} ms before the volley"
    return [
        Check(
            "most spikes that one NMDA spike alone makes, any number of synapses",
            int(dataset.spikes_without_volley.max()),
            "1",
            0,
            0,
            HTM,
        ),
        Check(
            "first spike to a volley, resting cell", float(dataset.unpredicted), "ms", 3, 15, EGGER
        ),
        Check("lead of the first spike by an NMDA spike", standard, "ms", 2, 15, LEAD),
        Check(f"smallest lead, NMDA spike {window}", _least(near), "ms", 2, 15, LEAD),
        Check(f"largest lead, NMDA spike {window}", float(near.max()), "ms", 2, 15, LEAD),
    ]


def _least(values: xr.DataArray) -> float:
    """Return the smallest of some values; NaN if one is missing."""
    return float(values.min(skipna=False))


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    lead = dataset.latency - dataset.predicted_latency
    found = {
        "smallest volley that fires the cell, synapses": float(dataset.attrs["least_volley"]),
        "the same in human layer 2/3 (Eyal et al. 2018: 134 ± 28)": 134.0,
    }
    for strength in dataset.strength.to_numpy():
        found[f"lead with {strength:g} smallest volleys, ms"] = float(lead.sel(strength=strength))
    for n, spikes in zip(dataset.branches.to_numpy(), dataset.spikes_of_branches, strict=True):
        found[f"spikes, NMDA spikes on {n} branches and no volley"] = float(spikes)
    return found
