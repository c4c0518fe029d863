"""Quanta of short and long trains, and the potential of one quantum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from brian2 import (
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    ms,
    mV,
    second,
)
from numpy.typing import NDArray

from htm_brian.parameters import Model, load_model
from htm_brian.sdr.theory import burst_transmission
from htm_brian.synapses.release import short_term
from htm_brian.synapses.release.epsp import TimeCourse
from htm_brian.synapses.release.stochastic import ReleaseSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.release_statistics import ReleaseStatisticsParameters


INTERVAL = 0.05
TRAIN = (*(INTERVAL * np.arange(10)), 0.95)
"""Spike times in seconds: ten spikes at 20 Hz, and one 0.5 s after the last."""

PUBLISHED = {1.0: 0.833, 5.0: 0.362, 10.0: 0.210, 20.0: 0.114, 40.0: 0.060, 100.0: 0.025}
"""Late over first amplitude by rate in Hz, at U 0.5 and a recovery time of 800 ms."""

FACILITATING_RATES = (2.0, 5.0, 10.0, 20.0, 40.0, 100.0)
LATE, N_SPIKES = 20, 40
"""Spikes of a long train that count, from this one on, and how many it has."""

LONG_SITES = 100


def short_train(model: Model, name: str, parameters: ReleaseStatisticsParameters) -> xr.Dataset:
    """Give rested connections of one kind a train, and count what they release."""
    n, times = parameters.connections, np.array(TRAIN)
    sites = int(model["release"]["sites"])
    axon = SpikeGeneratorGroup(1, np.zeros(times.size, dtype=int), times * second, dt=5 * ms)
    ends = NeuronGroup(1, "", dt=5 * ms)
    synapses = ReleaseSynapses(
        axon, ends, model, on_release="", seed=parameters.seed, stream=name, name=name
    )
    synapses.connect(i=np.zeros(n, dtype=int), j=np.zeros(n, dtype=int))
    quanta, moments = [], []

    def count(t: Any) -> None:
        if np.any(np.abs(times - float(t[:])) < 1e-6):
            amplitude = np.asarray(synapses.amplitude[:])
            quanta.append(np.bincount(synapses.quanta[:], minlength=sites + 1)[: sites + 1])
            moments.append((amplitude.mean(), amplitude.std()))

    Network(axon, ends, synapses, NetworkOperation(count, dt=50 * ms, when="end")).run(
        1 * second, namespace={}
    )
    table = np.array(quanta)
    shares = np.zeros((times.size, 31))
    shares[:, : sites + 1] = table / n
    k = np.arange(sites + 1)
    mean_quanta = table @ k / n
    measured = {
        "mean": np.array(moments)[:, 0],
        "cv": np.array(moments)[:, 1] / np.array(moments)[:, 0],
        "failures": table[:, 0] / n,
        "mean_quanta": mean_quanta,
        "standard_error": np.sqrt((table @ k**2 / n - mean_quanta**2) / n),
    }
    spike = ("spike",)
    return xr.Dataset(
        {name: (spike, values) for name, values in (measured | _formulas(model)).items()}
        | {"share": (("spike", "quanta"), shares), "sites": ((), sites)},
        coords={"spike": (spike, times * 1e3, {"units": "ms"})},
        attrs={"connections": n},
    )


def _formulas(model: Model) -> dict[str, NDArray[np.float64]]:
    """Return what the closed forms say of each spike of the train."""
    release, plasticity = model["release"], model["short_term"]
    sites = int(release["sites"])
    p = short_term.train(
        float(release["release_probability"]),
        float(plasticity["recovery_time"]),
        float(plasticity["facilitation_time"]),
        TRAIN,
    ).released
    variation = float(model["quantum"]["quantal_variation"])
    return {
        "exact_mean": short_term.mean(sites, p),
        "exact_cv": short_term.coefficient_of_variation(sites, p, variation),
        "exact_failures": 1 - np.asarray(burst_transmission(p, sites)),
    }


def long_trains(parameters: ReleaseStatisticsParameters) -> xr.Dataset:
    """Measure the late amplitude over the first, by rate, of the two published sets."""
    base = load_model("layer5_pair").with_values({"release.sites": LONG_SITES})
    sets = {
        "depressing": (tuple(PUBLISHED), 0.5, 800 * ms, 0 * ms),
        "facilitating": (FACILITATING_RATES, 0.05, 130 * ms, 530 * ms),
    }
    found: dict[str, Any] = {}
    for name, (rates, start, recovery, facilitation) in sets.items():
        model = base.with_values(
            {
                "release.release_probability": start,
                "short_term.recovery_time": recovery,
                "short_term.facilitation_time": facilitation,
            }
        )
        ratio, error = _late_over_first(model, np.array(rates), parameters, name)
        deterministic = short_term.stationary(start, float(recovery), float(facilitation), rates)
        rate = f"{name}_rate"
        found |= {
            name: ((rate,), ratio),
            f"{name}_error": ((rate,), error),
            f"exact_{name}": ((rate,), deterministic / start),
            rate: ((rate,), np.array(rates), {"units": "Hz"}),
        }
    return xr.Dataset(found)


def _late_over_first(
    model: Model, rates: NDArray[np.float64], parameters: ReleaseStatisticsParameters, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ratio for each rate, and its standard error."""
    n = parameters.long_connections
    spikes = np.arange(N_SPIKES)
    axon = SpikeGeneratorGroup(
        rates.size,
        np.repeat(np.arange(rates.size), N_SPIKES),
        (spikes / rates[:, None]).ravel() * second,
        dt=5 * ms,
    )
    ends = NeuronGroup(rates.size * n, "late : 1\nfirst : 1\nsince : second", dt=5 * ms)
    ends.since = np.repeat((LATE - 0.5) / rates, n) * second
    synapses = ReleaseSynapses(
        axon,
        ends,
        model,
        on_release="late_post += quanta*int(t > since_post)\nfirst_post += quanta*int(t < 1*ms)",
        seed=parameters.seed,
        stream=f"long {name}",
        name=f"long_{name}",
    )
    synapses.connect(i=np.repeat(np.arange(rates.size), n), j=np.arange(rates.size * n))
    Network(axon, ends, synapses).run(N_SPIKES / rates.min() * second, namespace={})
    late = np.asarray(ends.late[:]).reshape(rates.size, n) / (N_SPIKES - LATE)
    first = np.asarray(ends.first[:])
    ratio = late.mean(axis=1) / first.mean()
    relative = np.hypot(
        late.std(axis=1) / late.mean(axis=1), first.std() / first.mean() / np.sqrt(rates.size)
    )
    return ratio, ratio * relative / np.sqrt(n)


def potentials(models: dict[str, Model]) -> xr.Dataset:
    """Give a cell of each kind one quantum of mean size, and follow its potential."""
    traces, measured = [], []
    for model in models.values():
        course = TimeCourse.of(model["epsp"])
        cell = NeuronGroup(1, course.equations(), method="exact", dt=0.02 * ms)
        cell.drive = model["quantum"]["quantal_size"]
        trace = StateMonitor(cell, "v", record=True)
        Network(cell, trace).run(100 * ms, namespace={})
        time, v = np.asarray(trace.t), np.asarray(trace.v[0])
        traces.append(v[::10] / float(mV))
        top = int(np.argmax(v))
        rise = np.interp([0.2, 0.8], v[: top + 1] / v[top], time[: top + 1])
        half = time[-1 - np.argmax(v[::-1] >= v[top] / 2)] - np.interp(
            0.5, v[: top + 1] / v[top], time[: top + 1]
        )
        residual = np.interp([0.025, 0.0125], time, v) / v[top]
        exact = (float(model["epsp"]["rise_time"]), course.half_width)
        measured.append((rise[1] - rise[0], half, *exact, v[top], *residual))
    names = ("rise_time", "half_width", "exact_rise_time", "exact_half_width", "peak")
    columns = np.array(measured).T
    found: dict[str, Any] = {
        name: (("preset",), column * 1e3, {"units": "mV" if name == "peak" else "ms"})
        for name, column in zip(names, columns, strict=False)
    }
    found |= {
        "residual_25_ms": (("preset",), columns[-2]),
        "residual_12_5_ms": (("preset",), columns[-1]),
        "potential": (("preset", "time"), np.array(traces), {"units": "mV"}),
        "quantal_size": (
            ("preset",),
            [float(m["quantum"]["quantal_size"] / mV) for m in models.values()],
            {"units": "mV"},
        ),
        "time": (("time",), np.arange(len(traces[0])) * 0.2, {"units": "ms"}),
    }
    return xr.Dataset(found, coords={"preset": list(models)})
