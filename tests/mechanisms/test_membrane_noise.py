"""Membrane noise: the potential fluctuates as the model says, and not at all when switched off."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, StateMonitor, ms, mV, seed

from htm_brian.cells.pyramidal import PyramidalCells, equations
from htm_brian.parameters import Model, Parameter, Table, load_model


def noisy(millivolts: float, model: str = "l5_in_vivo") -> Model:
    source = "test"
    table = Table(
        "membrane_noise",
        (
            Parameter("membrane_noise", "standard_deviation", millivolts, "mV", source, 0, 10),
            Parameter("membrane_noise", "time_constant", 5, "ms", source, 1, 50),
        ),
    )
    return load_model(model).with_table(table)


@pytest.mark.parametrize("step", [0.1, 0.25])
def test_the_potential_has_the_standard_deviation_of_the_model(step: float) -> None:
    seed(1)
    cells = PyramidalCells(1000, noisy(2.0), dt=step * ms)
    trace = StateMonitor(cells, "v", record=True, dt=20 * ms)
    Network(cells, trace).run(181 * ms)
    settled = np.asarray(trace.v / mV)[:, 4:]
    assert settled.mean() == pytest.approx(-70, abs=0.15)
    assert settled.std() == pytest.approx(2.0, rel=0.04)


def test_so_has_that_of_a_tree_with_channels_that_follow_it() -> None:
    seed(3)
    cells = PyramidalCells(300, noisy(1.0, "l5_spike_initiation"), dt=0.25 * ms)
    trace = StateMonitor(cells, "v", record=True, dt=25 * ms)
    Network(cells, trace).run(151 * ms)
    settled = np.asarray(trace.v / mV)[:, 4:]
    assert settled.std() == pytest.approx(1.0, rel=0.06)
    assert not cells.injected_current[:].any(), "it is for the user's electrode"


def test_cells_fluctuate_apart_from_each_other_and_forget() -> None:
    seed(2)
    cells = PyramidalCells(400, noisy(2.0), dt=0.25 * ms)
    trace = StateMonitor(cells, "v", record=True, dt=60 * ms)
    Network(cells, trace).run(181 * ms)
    settled = np.asarray(trace.v / mV)[:, 1:]
    assert abs(np.corrcoef(settled[:200, 1], settled[200:, 1])[0, 1]) < 0.25
    assert abs(np.corrcoef(settled[:, 1], settled[:, 2])[0, 1]) < 0.2


def test_none_leaves_the_equations_as_they_are() -> None:
    assert str(equations(noisy(0.0))) == str(equations(load_model("l5_in_vivo")))
    assert "membrane_noise_deviation" in equations(noisy(1.0))
