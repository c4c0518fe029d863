"""NMDA spikes: how many synapses on one branch it takes, and what reaches the soma.

Stimulus: `k` synapses fire together on the outer half of one basal branch, one cell for each `k`;
the same on a depolarised cell, spread over the branch, shared between two branches, without
magnesium, without NMDA receptors; and 20 synapses with a jitter. Measurement: peak and half-width
at the soma and in the branch. Checks: Schiller 2000, Polsky 2004, Major 2008, Farinella 2011, and
the number that HTM theory counts on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, mV, second
from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical, tree
from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.electrophysiology.traces import depolarisations
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.fitting import resting
from htm_brian.parameters import Model, load_model

SCHILLER = "Schiller et al. 2000, Nature 404:285: 5.9 ± 1.5 mV, 64.4 ± 19.8 ms, 226 ± 46 %"
POLSKY = (
    "Polsky et al. 2004, Nat Neurosci 7:621: sigmoidal within a branch, linear between branches"
)
MAJOR = (
    "Major et al. 2008, J Neurophysiol 99:2584: the glutamate threshold falls with depolarisation"
)
FARINELLA = "Farinella et al. 2011, BMC Neurosci 12:P301: 40-50 mV for 50-100 ms in the branch"
HTM = "HTM theory (Numenta, Bernstein poster; Hawkins & Ahmad 2016): 8-20 of some 20-40 synapses"
REDUCED = "single-branch cable model with Jahr-Stevens block: 18 clustered against 29 spread"

CONDITIONS = (
    "clustered",
    "depolarised",
    "spread",
    "two branches",
    "no magnesium block",
    "no NMDA",
)
PAIR = ("clustered", "two branches")
ARRIVAL = 150.0
"""ms; before that a holding current settles."""


@dataclass(frozen=True)
class NMDASpikeParameters:
    """What a run of `NMDASpike` depends on."""

    model: str = "l5_thick_tufted"
    n_synapses: int = 40
    depolarisation: Quantity = quantity(10 * mV)
    n_jittered: int = 20
    jitters: tuple[Quantity, ...] = (0 * ms, 20 * ms, 40 * ms, 60 * ms, 80 * ms, 100 * ms)
    n_draws: int = 10
    duration: Quantity = quantity(450 * ms)
    time_step: Quantity = quantity(0.05 * ms)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("n_synapses", self.n_synapses, low=20, high=200)
        check_integer("n_jittered", self.n_jittered, low=1, high=200)
        check_integer("n_draws", self.n_draws, low=1)
        for name in ("duration", "time_step"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value <= 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        if self.duration < (ARRIVAL + 150) * ms:
            raise InputError(f"duration must be at least {ARRIVAL + 150:g} ms, got {self.duration}")


class NMDASpike(Protocol):
    """Threshold, size and duration of NMDA spikes, and how branches sum."""

    name = "nmda_spike"
    claim = (
        "8 to 20 coincident synapses of some 40 on one basal branch start an NMDA spike, which "
        "depolarises the soma by some 6 mV for some 60 ms"
    )
    source = f"{SCHILLER}; {MAJOR}; {HTM}"
    parameters = NMDASpikeParameters()
    packages = ("efel",)

    def __init__(self, parameters: NMDASpikeParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = load_model(self.parameters.model)
        _branches(self._model)

    def run(self, progress: Progress) -> Outcome:
        """Give every condition and number of synapses a cell of its own."""
        parameters, model = self.parameters, self._model
        stimulus = make_stimulus(model, parameters)
        _, outer, _ = _branches(model)
        traces = stimulate(
            model,
            stimulus,
            parameters.duration,
            parameters.time_step,
            progress,
            record=("v", f"v_{outer}"),
            sample=max(1, round(float(0.25 * ms / parameters.time_step))),
        )
        if not traces.complete:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = to_dataset(model, parameters, traces, outer)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())


def _branches(model: Model) -> tuple[str, str, str]:
    """Return inner and outer compartment of a basal branch, and the outer one of another."""
    biophysical.require(model)
    if "basal" not in model or "nmda" not in model:
        raise InputError(f"nmda_spike needs the tables [basal] and [nmda] ({model.file})")
    branches, segments = (int(model["basal"][key]) for key in ("branches", "segments"))
    if branches < 2 or segments < 2:
        raise InputError(
            "nmda_spike needs 2 basal branches of 2 segments or more, "
            f"got {branches} of {segments} ({model.file})"
        )
    return "basal_0_0", tree.outermost(model, "basal", 0), tree.outermost(model, "basal", 1)


def make_stimulus(model: Model, parameters: NMDASpikeParameters) -> Stimulus:
    """Return the synapses of every cell: conditions by number of synapses, then the jittered."""
    n = parameters.n_synapses
    jittered = [float(jitter) for jitter in parameters.jitters for _ in range(parameters.n_draws)]
    stimulus = Stimulus(len(CONDITIONS) * n + len(jittered))
    inner, outer, other = _branches(model)
    second_place = {"spread": inner, "two branches": other}
    for row, condition in enumerate(CONDITIONS):
        for k in range(1, n + 1):
            cell = row * n + k - 1
            shared = k // 2 if condition in second_place else 0
            stimulus.glutamate(cell, outer, np.full(k - shared, ARRIVAL * 1e-3))
            if shared:
                stimulus.glutamate(cell, second_place[condition], np.full(shared, ARRIVAL * 1e-3))
    rng = np.random.default_rng(parameters.seed)
    for cell, jitter in enumerate(jittered, start=len(CONDITIONS) * n):
        late = rng.uniform(0, jitter, parameters.n_jittered)
        stimulus.glutamate(cell, outer, ARRIVAL * 1e-3 + late)
    condition_of = np.repeat(np.arange(len(CONDITIONS)), n)
    condition_of = np.append(condition_of, np.zeros(len(jittered), int))
    hold = resting.holding_current(model, float(parameters.depolarisation))
    stimulus.currents["soma"] = hold * (condition_of == CONDITIONS.index("depolarised"))
    magnesium = model["nmda"]["magnesium"] * (
        condition_of != CONDITIONS.index("no magnesium block")
    )
    unitary = model["nmda"]["unitary_conductance"] * (condition_of != CONDITIONS.index("no NMDA"))
    stimulus.values = {"nmda.magnesium": magnesium, "nmda.unitary_conductance": unitary}
    return stimulus


def to_dataset(
    model: Model, parameters: NMDASpikeParameters, traces: Traces, outer: str
) -> xr.Dataset:
    """Measure peaks and half-widths, above the potential at the synapses' arrival."""
    before = int(np.searchsorted(traces.time, ARRIVAL * 1e-3 - 1e-9))
    time = traces.time[before:] * 1e3 - ARRIVAL
    rise, measured = {}, {}
    for place, name in (("soma", "soma"), ("branch", outer)):
        trace = traces.potential(name)
        rise[place] = trace[:, before:] - trace[:, before : before + 1]
        measured[place] = depolarisations(traces.time * 1e3, trace, start=ARRIVAL)
    n = parameters.n_synapses
    size = len(CONDITIONS) * n
    shape, dims = (len(CONDITIONS), n), ("condition", "synapses")
    found: dict[str, tuple[Any, ...]] = {}
    for place, trace in rise.items():
        peak, width = measured[place].peak[:size], measured[place].half_width[:size]
        found[f"{place}_peak"] = (dims, peak.reshape(shape), {"units": "mV"})
        found[f"{place}_half_width"] = (dims, width.reshape(shape), {"units": "ms"})
        found[f"{place}_trace"] = (
            ("synapses", "time"),
            trace[:n],
            {"units": "mV", "long_name": "clustered, above rest"},
        )
    draws = (len(parameters.jitters), parameters.n_draws)
    found["jittered_branch_peak"] = (
        ("jitter", "draw"),
        measured["branch"].peak[size:].reshape(draws),
        {"units": "mV"},
    )
    charge = np.trapezoid(rise["soma"][:size], time, axis=1).reshape(shape)
    found["soma_area"] = (dims, charge, {"units": "mV ms"})
    return xr.Dataset(
        found,
        coords={
            "condition": list(CONDITIONS),
            "synapses": np.arange(1, n + 1),
            "time": ("time", time, {"units": "ms"}),
            "jitter": ("jitter", [float(j / ms) for j in parameters.jitters], {"units": "ms"}),
        },
        attrs={"model": model.name, "n_jittered": parameters.n_jittered},
    )


def threshold(peaks: xr.DataArray) -> int:
    """Return the number of synapses at which one more adds most to the peak."""
    added = np.diff(peaks.to_numpy(), prepend=0.0)
    return int(peaks.synapses[int(np.argmax(added))])


def supralinearity(dataset: xr.Dataset, condition: str) -> xr.DataArray:
    """Return the soma's peak with `k` synapses over twice that with ``k/2``, for each even `k`."""
    alone = "clustered" if condition in PAIR else condition
    even = dataset.synapses[1::2]
    whole = dataset.soma_peak.sel(condition=condition, synapses=even)
    half = dataset.soma_peak.sel(condition=alone, synapses=(even // 2).to_numpy())
    return whole / (2 * half.to_numpy())


def tolerated_jitter(dataset: xr.Dataset) -> float:
    """Return the longest jitter with a spike in half of the draws or more, in ms."""
    clustered = dataset.branch_peak.sel(condition="clustered")
    level = float(clustered.sel(synapses=threshold(dataset.soma_peak.sel(condition="clustered"))))
    share = (dataset.jittered_branch_peak >= level).mean("draw")
    tolerated = dataset.jitter.where(share >= 0.5, drop=True)
    return float(tolerated.max()) if tolerated.size else np.nan


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the measurements against the literature."""
    needed = {name: threshold(dataset.soma_peak.sel(condition=name)) for name in CONDITIONS[:3]}
    k = needed["clustered"]
    clustered = dataset.sel(condition="clustered")
    above = clustered.sel(synapses=slice(k + 1, max(k + 1, 20)))
    within = supralinearity(dataset, "clustered")
    between = supralinearity(dataset, "two branches")
    # Polsky's comparison: the stimuli that sum most within a branch, now on two.
    pair = between.sel(synapses=slice(None, int(within.idxmax())))
    widening = clustered.branch_half_width.sel(synapses=slice(k + 1, None)).diff("synapses")
    free = float(supralinearity(dataset, "no magnesium block").max())
    without = float(supralinearity(dataset, "no NMDA").max())
    share = 1 - dataset.soma_area.sel(condition="no NMDA") / clustered.soma_area
    return [
        Check("threshold, clustered synapses", k, "1", 8, 20, f"{SCHILLER}; {HTM}"),
        Check(
            "HTM: coincident synapses, of 40 on the branch, that make a plateau",
            k if k <= dataset.sizes["synapses"] else np.nan,
            "1",
            8,
            20,
            HTM,
        ),
        Check(
            "smallest peak at the soma, from above threshold to 20",
            float(above.soma_peak.min()),
            "mV",
            4,
            8,
            SCHILLER,
        ),
        Check(
            "largest peak at the soma, from above threshold to 20",
            float(above.soma_peak.max()),
            "mV",
            4,
            8,
            SCHILLER,
        ),
        Check(
            "shortest half-width at the soma, same range",
            float(above.soma_half_width.min()),
            "ms",
            50,
            80,
            SCHILLER,
        ),
        Check(
            "longest half-width at the soma, same range",
            float(above.soma_half_width.max()),
            "ms",
            50,
            80,
            SCHILLER,
        ),
        Check(
            "peak in the branch, just above threshold",
            float(above.branch_peak[0]),
            "mV",
            35,
            60,
            FARINELLA,
        ),
        Check(
            "plateau in the branch, half-width, with 20 synapses",
            float(clustered.branch_half_width.sel(synapses=20)),
            "ms",
            50,
            200,
            FARINELLA,
        ),
        Check(
            "plateau in the branch, half-width, with all synapses",
            float(clustered.branch_half_width[-1]),
            "ms",
            50,
            200,
            FARINELLA,
        ),
        Check(
            "smallest growth of the plateau with one more synapse, above threshold",
            float(widening.min()),
            "ms",
            0,
            None,
            FARINELLA,
        ),
        Check(
            "supralinearity within the branch, largest", float(within.max()), "1", 1.3, None, POLSKY
        ),
        Check(
            "amplification by the spike, largest",
            100 * float(within.max()),
            "%",
            180,
            272,
            SCHILLER,
        ),
        Check(
            "sum between two branches over linear sum, smallest",
            float(pair.min()),
            "1",
            0.9,
            1.1,
            POLSKY,
        ),
        Check(
            "sum between two branches over linear sum, largest",
            float(pair.max()),
            "1",
            0.9,
            1.1,
            POLSKY,
        ),
        Check(
            "threshold when 10 mV depolarised, over that at rest",
            needed["depolarised"] / k,
            "1",
            None,
            0.85,
            MAJOR,
        ),
        Check(
            "tolerated jitter of 20 synapses",
            tolerated_jitter(dataset),
            "ms",
            40,
            None,
            "Polsky et al. 2004: 40 ms window within a branch",
        ),
        Check(
            "threshold of synapses spread over the branch, over clustered",
            needed["spread"] / k,
            "1",
            1.3,
            2,
            REDUCED,
        ),
        Check(
            "NMDA share of the soma's depolarisation, just above threshold",
            100 * float(share.sel(synapses=k + 1)),
            "%",
            80,
            100,
            SCHILLER.partition(":")[0] + ": at least 80 %",
        ),
        Check(
            "supralinearity without magnesium block, largest",
            free,
            "1",
            None,
            1.05,
            "no block, no regeneration",
        ),
        Check(
            "supralinearity without NMDA receptors, largest",
            without,
            "1",
            None,
            1.05,
            "AMPA receptors alone sum sublinearly",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    clustered = dataset.sel(condition="clustered")
    just_above = clustered.sel(synapses=threshold(clustered.soma_peak) + 1)
    between = supralinearity(dataset, "two branches")
    return {
        "plateau in the branch, half-width, just above threshold, ms": float(
            just_above.branch_half_width
        ),
        "sum between two branches over linear sum, largest of all pairs": float(between.max()),
        "synapses, both branches together, at which it is largest": float(between.idxmax()),
    }
