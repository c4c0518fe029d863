"""Brian2's three code paths on one small net: the same spikes, the same state.

The net has no random numbers: a volley every 50 ms, inhibition, plateaus, injected current.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from brian2 import (
    Clock,
    Network,
    Quantity,
    SpikeMonitor,
    Synapses,
    device,
    ms,
    nS,
    pA,
    prefs,
    set_device,
)
from numpy.typing import NDArray

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.mechanisms.branch import DendriticBranches, on_release

N = 12
STEP = 0.25
DURATION = 180.0


class Result(NamedTuple):
    """Spikes (cell, crossing in ms), last plateau of each branch (ms), the cells' last state."""

    cells: NDArray[np.int64]
    times: NDArray[np.float64]
    onsets: NDArray[np.float64]
    state: dict[str, NDArray[np.float64]]


class Net:
    """Cells with a branch each; cells 3 to 5 put the branches of 9 to 11 into plateaus.

    Every object costs some seconds of compilation: there are as few as can be.
    """

    def __init__(self, model: str = "l5_reduced", synapses: int = 13) -> None:
        clock = Clock(STEP * ms)
        self.cells = PyramidalCells(N, model, clock=clock)
        self.branches = DendriticBranches(N, model, clock=clock)
        self.cells.injected_current = np.linspace(0, 200, N) * pA
        self.cells.g_inhibition[1] = 150 * nS
        self.cells.run_regularly(
            "feedforward_conductance += feedforward_volley_conductance", 50 * ms
        )
        distal = Synapses(
            self.cells,
            self.branches,
            on_pre=on_release(self.branches.parameters, str(synapses), str(synapses)),
            delay=2 * ms,
            clock=clock,
        )
        distal.connect(i=[3, 4, 5], j=[9, 10, 11])
        drive = Synapses(
            self.branches,
            self.cells,
            "basal_conductance_post = conductance_pre : siemens (summed)",
            clock=clock,
        )
        drive.connect(i=np.arange(N), j=np.arange(N))
        self.spikes = SpikeMonitor(self.cells, "last_spike_time")
        self.net = Network(self.cells, self.branches, distal, drive, self.spikes)

    def result(self) -> Result:
        state = ("v", "v_proximal", "v_basal", "v_apical", "adaptation", "g_inhibition")
        return Result(
            np.array(self.spikes.i),
            np.array(self.spikes.last_spike_time / ms),
            np.array(self.branches.plateau_onset / ms),
            {name: np.array(getattr(self.cells, name)) for name in state},
        )


def on_numpy(**values: Quantity) -> Result:
    net = Net()
    for name, value in values.items():
        setattr(net.cells, name, value)
    net.net.run(DURATION * ms)
    return net.result()


def same(result: Result, reference: Result) -> None:
    np.testing.assert_array_equal(result.cells, reference.cells)
    np.testing.assert_allclose(result.times, reference.times, atol=STEP)  # within one step
    np.testing.assert_allclose(result.onsets, reference.onsets, atol=STEP)
    for name, value in reference.state.items():
        np.testing.assert_allclose(result.state[name], value, rtol=1e-6, err_msg=name)


def test_the_net_does_something() -> None:
    result = on_numpy()
    trains = [result.times[result.cells == cell] for cell in range(N)]
    spikes = [len(train) for train in trains]
    assert spikes[:9] == [4, 3, *[4] * 7], "one spike a volley, but cell 1 is inhibited at first"
    assert spikes[9:] == [7, 7, 7], "a burst to each volley but the first"
    assert np.flatnonzero(result.onsets > 0).tolist() == [9, 10, 11]
    assert trains[9][1] < trains[8][1] - 2, "a cell with a plateau spikes first"


GRADED = "l5_reduced_fitted", 20
"""Graded plateaus, slow receptors of the volley, a threshold of bursts that rises."""


@pytest.mark.slow
def test_cython_equals_numpy_where_plateaus_are_graded() -> None:
    reference = Net(*GRADED)
    reference.net.run(DURATION * ms)
    assert (reference.branches.still_open[9:] > 1).all()
    prefs["codegen.cpp.extra_compile_args_gcc"] = ["-w", "-O0"]
    prefs.codegen.target = "cython"
    net = Net(*GRADED)
    net.net.run(DURATION * ms)
    same(net.result(), reference.result())


@pytest.mark.slow
@pytest.mark.standalone
def test_standalone_equals_numpy_where_plateaus_are_graded(tmp_path: Path) -> None:
    reference = Net(*GRADED)
    reference.net.run(DURATION * ms)
    expected = reference.result()
    use_fast_settings()
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    net = Net(*GRADED)
    net.net.run(DURATION * ms)
    device.build(directory=str(tmp_path))
    same(net.result(), expected)


@pytest.mark.slow  # tests/test_compiled.py holds a whole network of such cells to NumPy's
def test_cython_equals_numpy(request: pytest.FixtureRequest) -> None:
    reference = on_numpy()
    # Unoptimised code compiles in half the time. It has a cache of its own, kept between runs.
    prefs["codegen.cpp.extra_compile_args_gcc"] = ["-w", "-O0"]
    prefs["codegen.runtime.cython.cache_dir"] = str(request.config.cache.mkdir("brian2_cython"))
    prefs.codegen.target = "cython"
    net = Net()
    net.net.run(DURATION * ms)
    same(net.result(), reference)


@pytest.mark.standalone
def test_standalone_with_fast_settings_equals_numpy_and_sweeps_without_compiling(
    tmp_path: Path,
) -> None:
    reference, changed = on_numpy(), on_numpy(leak_conductance=20 * nS)
    use_fast_settings()
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    net = Net()
    net.net.run(DURATION * ms)
    device.build(run=False, directory=str(tmp_path))
    device.run()
    same(net.result(), reference)
    device.run(run_args={net.cells.leak_conductance: 20 * nS})
    same(net.result(), changed)
    assert not np.array_equal(changed.times, reference.times)
