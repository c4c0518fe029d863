"""Brian2's three code paths on every cell of level 2: the same spikes, the same state.

Each model that comes with the package is a group in one network, driven in all that it has:
glutamate on a branch through ordinary synapses, volleys onto metabotropic receptors, current into
soma and nexus, and spikes that propagate back.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from brian2 import (
    Clock,
    Network,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    device,
    ms,
    nA,
    prefs,
    set_device,
)
from numpy.typing import NDArray

from htm_brian.cells.biophysical import on_glutamate
from htm_brian.cells.group import Cells
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.parameters import list_models, load_model

MODELS = [name for name in list_models() if load_model(name).level == 2]
N = 6
STEP = 0.1
DURATION = 160.0
VOLLEYS = [20.0, 45.0, 70.0]
N_SYNAPSES = 25


class Result(NamedTuple):
    """Spikes (cell, crossing in ms) and last state, by model."""

    cells: dict[str, NDArray[np.int64]]
    times: dict[str, NDArray[np.float64]]
    state: dict[str, dict[str, NDArray[np.float64]]]


class Net:
    """All models at once: a program is compiled once for all of them."""

    def __init__(self) -> None:
        clock = Clock(STEP * ms)
        self.groups = {name: Cells(N, name, clock=clock, name=name) for name in MODELS}
        axons = SpikeGeneratorGroup(
            N_SYNAPSES,
            np.tile(np.arange(N_SYNAPSES), len(VOLLEYS)),
            np.repeat(VOLLEYS, N_SYNAPSES) * ms,
            clock=clock,
        )
        self.spikes: dict[str, SpikeMonitor] = {}
        synapses = []
        for name, group in self.groups.items():
            for variable in group.variables:
                if variable.endswith("background_standard_deviation"):
                    setattr(group, variable, 0 * nA)  # chance differs between the code paths
            group.injected_current = np.linspace(-0.3, 0.9, N) * nA
            for name_of_current in ("injected_current_nexus", "injected_current_dendrite"):
                if name_of_current in group.variables:
                    setattr(group, name_of_current, np.linspace(0, 1.5, N)[::-1] * nA)
            if "last_spike_time" in group.variables:
                self.spikes[name] = SpikeMonitor(group, "last_spike_time", name=f"spikes_{name}")
            actions = on_volley(group)
            if actions:
                made = Synapses(axons, group, on_pre=actions, clock=clock, name=f"to_{name}")
                made.connect(p=1)
                synapses.append(made)
        self.net = Network(*self.groups.values(), axons, *synapses, *self.spikes.values())

    def result(self) -> Result:
        return Result(
            {name: np.array(monitor.i) for name, monitor in self.spikes.items()},
            {name: np.array(monitor.last_spike_time / ms) for name, monitor in self.spikes.items()},
            {
                name: {
                    variable: np.array(getattr(group, f"{variable}_"))
                    for variable in sorted(group.equations.diff_eq_names)
                }
                for name, group in self.groups.items()
            },
        )


def on_volley(group: Cells) -> str:
    """Return what a presynaptic spike does to the first branch that has receptors."""
    receptors = [name for name in ("ampa", "nmda", "gaba") if f"{name}_soma" in group.variables]
    place = group.compartments[min(2, len(group.compartments) - 1)]
    actions = [on_glutamate(place, receptors)] if receptors else []
    if "metabotropic_calcium" in group.variables:
        actions.append("metabotropic_calcium_post += 0.04*metabotropic_calcium_per_volley_post")
    return "\n".join(actions)


def on_numpy() -> Result:
    # Made before the fixture that sets the target for each test.
    with uncompiled():
        net = Net()
        net.net.run(DURATION * ms)
        return net.result()


def same(result: Result, reference: Result) -> None:
    assert set(result.state) == set(MODELS) == set(reference.state)
    for name in MODELS:
        if name in reference.cells:
            np.testing.assert_array_equal(result.cells[name], reference.cells[name], err_msg=name)
            np.testing.assert_allclose(
                result.times[name], reference.times[name], atol=STEP, err_msg=name
            )
        for variable, value in reference.state[name].items():
            largest = float(np.abs(value).max())
            np.testing.assert_allclose(
                result.state[name][variable],
                value,
                rtol=1e-6,
                atol=1e-9 * largest,
                err_msg=f"{variable} of {name}",
            )


@pytest.fixture(scope="module")
def reference() -> Result:
    return on_numpy()


@pytest.mark.slow
def test_the_stimulus_uses_every_mechanism(reference: Result) -> None:
    state = reference.state["l5_thick_tufted"]
    assert (state["nmda_open_basal_0_1"] > 1e-9).all(), "NMDA receptors of the branch are open"
    assert state["calcium_recovery"].max() > 0.05, "a calcium spike came"
    assert state["metabotropic_gate"].min() > 0.01, "metabotropic receptors opened the current"
    assert state["adaptation"].max() > 20e-12
    trains = [
        reference.times["l5_thick_tufted"][reference.cells["l5_thick_tufted"] == cell]
        for cell in range(N)
    ]
    assert min(map(len, trains)) >= 1 and max(map(len, trains)) >= 5
    relay = reference.state["thalamic_relay"]
    assert relay["t_inactivation"][0] > 0.5 and relay["t_inactivation"][-1] < 0.1
    assert np.isfinite([v for s in reference.state.values() for x in s.values() for v in x]).all()


@pytest.mark.slow
def test_cython_equals_numpy(reference: Result, request: pytest.FixtureRequest) -> None:
    # Unoptimised code compiles in half the time. It has a cache of its own, kept between runs.
    prefs["codegen.cpp.extra_compile_args_gcc"] = ["-w", "-O0"]
    prefs["codegen.runtime.cython.cache_dir"] = str(request.config.cache.mkdir("brian2_cython"))
    prefs.codegen.target = "cython"
    net = Net()
    net.net.run(DURATION * ms)
    same(net.result(), reference)


@pytest.mark.slow
@pytest.mark.standalone
def test_standalone_with_fast_settings_equals_numpy(reference: Result, tmp_path: Path) -> None:
    use_fast_settings()
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    net = Net()
    net.net.run(DURATION * ms)
    device.build(run=True, directory=str(tmp_path))
    same(net.result(), reference)
