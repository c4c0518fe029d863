"""Metabotropic persistence: spikes close in time leave a depolarisation of seconds.

Stimulus: presynaptic volleys onto metabotropic receptors, one, three within 20-50 ms of each other,
three at 1 Hz; with and without the receptors. Then, in noisy cells, a subthreshold basal input
after such volleys and without them. Every condition, and every trial, is a cell. Measurement:
depolarisation of the soma over seconds; share of trials in which the basal input fires the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, mV, second, volt
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical, tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.electrophysiology.traces import width_above
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.fitting import resting
from htm_brian.parameters import Model, load_model

HTM = "HTM theory (J. Hawkins, forum): two or three spikes close in time depolarise for seconds"
SIDIROPOULOU = "ModelDB 144089 and 155057: metabotropic depolarising afterpotentials of 2-6 mV"
LEE = "Lee & Sherman 2009: group-I receptors, prolonged depolarisation"
ON_VOLLEY = "metabotropic_calcium_post += metabotropic_calcium_per_volley_post"

VOLLEY = 100.0
"""ms; time of the first volley."""
SETTLED = 400.0
"""ms after the last volley; AMPA and NMDA receptors have closed."""
RESOLUTION = 0.1
"""Synapses; of the basal input's threshold."""
NOISE_STEP = 0.2
"""ms for which a noisy current stands still: its own, so that any time step sees the same noise."""


@dataclass(frozen=True)
class MetabotropicPersistenceParameters:
    """What a run of `MetabotropicPersistence` depends on."""

    model: str = "l5_thick_tufted"
    intervals: tuple[Quantity, ...] = (20 * ms, 35 * ms, 50 * ms)
    n_volleys: int = 3
    n_synapses: int = 6
    slow_interval: Quantity = quantity(1 * second)
    level: Quantity = quantity(3 * mV)
    duration: Quantity = quantity(3.5 * second)
    time_step: Quantity = quantity(0.25 * ms)
    n_trials: int = 150
    noise: Quantity = quantity(2 * mV)
    noise_time_constant: Quantity = quantity(5 * ms)
    basal_share: float = 0.8
    test_time: Quantity = quantity(500 * ms)
    test_time_step: Quantity = quantity(0.1 * ms)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("n_volleys", self.n_volleys, low=2)
        check_integer("n_synapses", self.n_synapses, low=0)
        check_integer("n_trials", self.n_trials, low=10)
        check_number("basal_share", self.basal_share, low=0, high=1)
        units = {
            "slow_interval": second,
            "level": volt,
            "duration": second,
            "time_step": second,
            "noise": volt,
            "noise_time_constant": second,
            "test_time": second,
            "test_time_step": second,
        }
        for name, unit in units.items():
            value = getattr(self, name)
            if not have_same_dimensions(value, unit) or value <= 0 * unit:
                raise InputError(f"{name} must be positive, in a unit like {unit}, got {value}")
        needed = (self.n_volleys - 1) * self.slow_interval + (VOLLEY + SETTLED + 500) * ms
        if self.duration < needed:
            raise InputError(f"duration must be at least {needed}, got {self.duration}")


class MetabotropicPersistence(Protocol):
    """What is left of spikes that come close in time, and what it does to later input."""

    name = "metabotropic_persistence"
    claim = (
        "three spikes within 20-50 ms of each other leave 3 mV or more for 0.5-3 s through "
        "metabotropic receptors, and make the cell fire to input that is else too weak"
    )
    source = f"{HTM}; {SIDIROPOULOU}; {LEE}"
    parameters = MetabotropicPersistenceParameters()

    def __init__(self, parameters: MetabotropicPersistenceParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal", "metabotropic"):
            if table not in self._model:
                raise InputError(
                    f"metabotropic_persistence needs a table [{table}] ({self._model.file})"
                )

    def run(self, progress: Progress) -> Outcome:
        """Measure the depolarisation, then what it does to a basal input."""
        parameters, model = self.parameters, self._model
        persistence = persist(model, parameters, progress)
        gain = None if persistence is None else fire(model, parameters, progress)
        if persistence is None or gain is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = persistence.merge(gain).assign_attrs(gain.attrs)
        return Outcome(
            dataset, checks(dataset, parameters), metrics(dataset), parameter_rows=model.rows()
        )


def basal_compartments(model: Model) -> list[str]:
    """Return the names of the basal compartments."""
    return [part.name for part in tree.compartments(model) if part.kind == "basal"]


def trains(parameters: MetabotropicPersistenceParameters) -> dict[str, NDArray[np.float64]]:
    """Return the volleys of every condition, in ms."""
    n = np.arange(parameters.n_volleys, dtype=np.float64)
    found = {
        f"{len(n)} volleys, {float(interval / ms):g} ms apart": VOLLEY + n * float(interval / ms)
        for interval in parameters.intervals
    }
    found["one volley"] = np.array([VOLLEY])
    slow = float(parameters.slow_interval / ms)
    found[f"{len(n)} volleys, {slow / 1e3:g} s apart"] = VOLLEY + n * slow
    return found


def volleys(
    stimulus: Stimulus, cell: int, places: list[str], times: NDArray[np.float64], n_synapses: int
) -> None:
    """Let volleys arrive: metabotropic receptors, and a few synapses over the basal branches."""
    stimulus.synapses(cell, ON_VOLLEY, times * 1e-3)
    for number in range(n_synapses):
        stimulus.glutamate(cell, places[number % len(places)], times * 1e-3)


def persist(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> xr.Dataset | None:
    """Return the soma's depolarisation after each train, with receptors and without."""
    given = trains(parameters)
    places = basal_compartments(model)
    stimulus = Stimulus(2 * len(given))
    with_receptors = np.arange(stimulus.n_cells) < len(given)
    for cell in range(stimulus.n_cells):
        times = list(given.values())[cell % len(given)]
        volleys(stimulus, cell, places, times, parameters.n_synapses)
    per_volley = model["metabotropic"]["calcium_per_volley"] * with_receptors
    stimulus.values = {"metabotropic.calcium_per_volley": per_volley}
    sample = max(1, round(float(2 * ms / parameters.time_step)))
    traces = stimulate(
        model,
        stimulus,
        parameters.duration,
        parameters.time_step,
        progress,
        sample=sample,
        description="depolarisation over seconds",
    )
    if not traces.complete:
        return None
    depolarisation = traces.potential("soma") - float(model["soma"]["resting_potential"] / mV)
    time = traces.time * 1e3
    last = np.array([times[-1] for times in given.values()] * 2)
    later = np.where(time[None, :] >= last[:, None] + SETTLED, depolarisation, -np.inf)
    since = np.where(time[None, :] > last[:, None] + 1, depolarisation, 0.0)
    above = width_above(time, since, float(parameters.level / mV)) / 1e3
    shape, dims = (2, len(given)), ("receptors", "train")
    return xr.Dataset(
        {
            "depolarisation": (
                (*dims, "time"),
                depolarisation.reshape(*shape, -1),
                {"units": "mV"},
            ),
            "time_above": (dims, above.reshape(shape), {"units": "s"}),
            "left": (dims, later.max(axis=1).reshape(shape), {"units": "mV"}),
            "spikes": (dims, np.reshape([len(t) for t in traces.spikes], shape), {"units": "1"}),
        },
        coords={
            "receptors": ["with receptors", "without receptors"],
            "train": list(given),
            "time": ("time", (time - VOLLEY) / 1e3, {"units": "s"}),
        },
        attrs={"level": float(parameters.level / mV), "n_close": len(parameters.intervals)},
    )


def fire(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> xr.Dataset | None:
    """Return how often a subthreshold basal input fires noisy cells, after volleys and without."""
    least = least_basal(model, parameters, progress)
    if least is None:
        return None
    n = parameters.n_trials
    arms = ("after volleys", "without volleys", "after volleys, no receptors")
    stimulus = Stimulus(len(arms) * n)
    places = basal_compartments(model)
    close = next(iter(trains(parameters).values()))
    test = close[-1] + float(parameters.test_time / ms)
    strength = parameters.basal_share * least
    for cell in range(stimulus.n_cells):
        if arms[cell // n] != "without volleys":
            volleys(stimulus, cell, places, close, parameters.n_synapses)
        basal_input(stimulus, cell, places, strength, test)
    receptors = np.repeat([1.0, 1.0, 0.0], n)
    stimulus.values = {
        "metabotropic.calcium_per_volley": model["metabotropic"]["calcium_per_volley"] * receptors
    }
    duration = (test + 60) * ms
    stimulus.currents["soma"] = np.tile(noise(model, parameters, duration), (1, len(arms)))
    traces = stimulate(
        model,
        stimulus,
        duration,
        parameters.test_time_step,
        progress,
        sample=round(float(1 * ms / parameters.test_time_step)),
        description="basal input in noise",
    )
    if not traces.complete:
        return None
    share, before = count(traces, test * 1e-3, len(arms))
    undisturbed = (traces.time > 0.06) & (traces.time < test * 1e-3)
    quiet = traces.potential("soma")[n : 2 * n, undisturbed]
    return xr.Dataset(
        {
            "probability": (("arm",), share, {"units": "1"}),
            "spontaneous": (("arm",), before, {"units": "1"}),
            "noise_sd": ((), float(quiet.std()), {"units": "mV"}),
        },
        coords={"arm": list(arms)},
        attrs={"least_basal": least},
    )


def count(traces: Traces, test: float, n_arms: int) -> tuple[NDArray[np.float64], ...]:
    """Return the share of trials with a spike within 50 ms of the input, and just before."""
    found = []
    for start in (test, test - 0.05):
        hit = [bool(((train >= start) & (train < start + 0.05)).any()) for train in traces.spikes]
        found.append(np.reshape(hit, (n_arms, -1)).mean(axis=1))
    return tuple(found)


def basal_input(
    stimulus: Stimulus, cell: int, places: list[str], strength: float, time: float
) -> None:
    """Let as many synapses as `strength` fire together, in equal parts over the compartments."""
    share = f"*{float(strength) / len(places)!r}"
    for place in places:
        on_pre = "\n".join(line + share for line in on_glutamate(place).splitlines())
        stimulus.synapses(cell, on_pre, time * 1e-3)


def least_basal(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> float | None:
    """Return how many basal synapses just fire a resting cell; None if the run was stopped.

    Not a whole number: an input that is a share of it is then as near to threshold at any step.
    """
    places = basal_compartments(model)
    strengths = np.arange(1, 40 * len(places) + RESOLUTION / 2, RESOLUTION)
    stimulus = Stimulus(len(strengths))
    for cell in range(stimulus.n_cells):
        basal_input(stimulus, cell, places, 1.0, 5.0)
    for table in ("ampa", "nmda"):
        unitary = model[table]["unitary_conductance"]
        stimulus.values[f"{table}.unitary_conductance"] = unitary * strengths
    traces = stimulate(
        model,
        stimulus,
        60 * ms,
        parameters.test_time_step,
        progress,
        record=(),
        description="threshold of the basal input",
    )
    if not traces.complete:
        return None
    fired = np.array([len(train) > 0 for train in traces.spikes])
    if not fired.any():
        raise InputError(f"{strengths[-1]:g} basal synapses do not fire the cell ({model.file})")
    return float(strengths[int(np.argmax(fired))])


def noise(
    model: Model, parameters: MetabotropicPersistenceParameters, duration: Quantity
) -> NDArray[np.float64]:
    """Return noisy currents into the soma (A), of shape (n_steps, n_trials); the arms share them.

    Ornstein-Uhlenbeck noise, scaled so that a soma with the cell's input resistance and membrane
    time constant would fluctuate with the standard deviation `noise`.
    """
    tau = float(parameters.noise_time_constant)
    step = float(parameters.test_time_step / ms)
    # Half a step decides which value a step has.
    which = ((np.arange(round(float(duration / ms) / step)) + 0.5) * step / NOISE_STEP).astype(int)
    rng = np.random.default_rng(parameters.seed)
    keep = np.exp(-1e-3 * NOISE_STEP / tau)
    kicks = np.sqrt(1 - keep**2) * rng.standard_normal((which[-1] + 1, parameters.n_trials))
    values = np.empty_like(kicks)
    now = rng.standard_normal(parameters.n_trials)
    for index, kick in enumerate(kicks):
        now = keep * now + kick
        values[index] = now
    soma = model["soma"]
    membrane = float(soma["membrane_capacitance"] / soma["leak_conductance"])
    filtered = np.sqrt(tau / (tau + membrane))
    return values[which] * float(parameters.noise) / (filtered * resting.input_resistance(model))


def checks(dataset: xr.Dataset, parameters: MetabotropicPersistenceParameters) -> list[Check]:
    """Hold persistence and gain against the claim."""
    receptors = dataset.sel(receptors="with receptors")
    without = dataset.sel(receptors="without receptors")
    n_close = dataset.attrs["n_close"]
    close = receptors.isel(train=slice(None, n_close))
    probability = dataset.probability
    gain = 100 * float(
        probability.sel(arm="after volleys") - probability.sel(arm="without volleys")
    )
    n = parameters.n_volleys
    level = f"{dataset.attrs['level']:g} mV"
    target = "target of 0.5 mV"
    found = [
        Check(
            f"time above {level} after {train}", float(value), "s", 0.5, 3, f"{HTM}; {SIDIROPOULOU}"
        )
        for train, value in zip(close.train.to_numpy(), close.time_above, strict=True)
    ]
    return [
        *found,
        Check(
            "left by one volley, 0.4 s later",
            float(receptors.left[n_close]),
            "mV",
            None,
            0.5,
            target,
        ),
        Check(
            f"left by {n} volleys 1 s apart, 0.4 s later",
            float(receptors.left[n_close + 1]),
            "mV",
            None,
            0.5,
            target,
        ),
        Check(
            "most that is left without metabotropic receptors",
            float(without.left.max()),
            "mV",
            None,
            0.5,
            LEE,
        ),
        Check(
            "spikes of the cell by the volleys",
            int(dataset.spikes.max()),
            "1",
            0,
            0,
            "the volleys are subthreshold",
        ),
        Check(
            "gain in spike probability of a subthreshold basal input",
            gain,
            "% of trials",
            20,
            None,
            f"{HTM}; target",
        ),
        Check(
            "spike probability of that input without volleys",
            100 * float(probability.sel(arm="without volleys")),
            "% of trials",
            None,
            50,
            "the input is subthreshold",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found = {
        "basal synapses that fire the resting cell": float(dataset.attrs["least_basal"]),
        "standard deviation of the soma's potential in noise, mV": float(dataset.noise_sd),
    }
    for arm in dataset.arm.to_numpy():
        found[f"spike probability, {arm}"] = float(dataset.probability.sel(arm=arm))
        found[f"spike probability before the input, {arm}"] = float(
            dataset.spontaneous.sel(arm=arm)
        )
    return found
