"""Exponential Euler of `htm_brian.cells.integration`, against Brian2's own and closed forms."""

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, SpikeMonitor, ms, nA, nS, prefs
from brian2.stateupdaters.base import UnsupportedEquationsException

from htm_brian.cells.integration import ExponentialEuler, standing_still, without_flag
from htm_brian.cells.pyramidal import PyramidalCells


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def stimulated(cells, n_cells):
    random = np.random.default_rng(3)
    cells.injected_current = random.uniform(0, 1.5, n_cells) * nA
    cells.nmda_basal_0_1 = random.uniform(0, 30, n_cells) * nS
    cells.ampa_tuft_1 = random.uniform(0, 60, n_cells) * nS
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(40 * ms)
    return spikes


def test_cells_go_as_with_the_method_of_brian2():
    n_cells = 4
    cells = PyramidalCells(n_cells, "l5_thick_tufted", dt=0.1 * ms)
    spikes = stimulated(cells, n_cells)
    plain = NeuronGroup(
        n_cells,
        cells._design.equations,
        threshold=cells._design.threshold,
        reset=cells._design.reset,
        method="exponential_euler",
        dt=0.1 * ms,
    )
    plain.resetter["spike"].when = cells.resetter["spike"].when
    plain.resetter["spike"].order = cells.resetter["spike"].order
    parameters = {e.varname for e in cells.equations.values() if "constant" in e.flags}
    for name in parameters:
        setattr(plain, name, getattr(cells, name))
    for name in cells.compartments:
        setattr(plain, "v" if name == "soma" else f"v_{name}", cells.resting_potential)
    plain.last_spike_time = -1e4 * 1000 * ms
    expected = stimulated(plain, n_cells)
    assert expected.num_spikes > n_cells
    assert np.array_equal(spikes.t / ms, expected.t / ms)
    for name in cells.equations.diff_eq_names:
        ours, theirs = (group.variables[name].get_value() for group in (cells, plain))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * np.abs(theirs).max())


def test_no_subexpression_of_a_cell_keeps_an_array():
    cells = PyramidalCells(1, "l5_thick_tufted")
    Network(cells).run(0 * ms)
    assert standing_still(cells._design.equations)
    assert not standing_still(cells.equations)


def test_the_step_divides_by_no_cells_own_number():
    equations = Equations(
        """
        dx/dt = (1 - gate*x)/tau : 1
        gate = 1/(1 + exp(-x/width)) : 1
        width : 1 (shared, constant)
        tau : second (shared, constant)
        """
    )
    code = ExponentialEuler(("gate",))(equations)
    assert "(1 + exp(-x/width))**(-1)" in code
    assert "/x" not in code and "/(1" not in code and "/_held" not in code


def test_a_held_subexpression_keeps_the_value_of_the_start_of_the_step():
    group = NeuronGroup(
        1,
        """
        dx/dt = -gate*x/(10*ms) : 1
        gate = x**2 : 1
        """,
        method=ExponentialEuler(("gate",)),
        dt=1 * ms,
    )
    group.x = 2.0
    Network(group).run(1 * ms)
    assert group.x[0] == pytest.approx(2.0 * np.exp(-4.0 * 0.1), rel=1e-12)


def test_a_bound_is_kept_as_by_clip():
    equations = Equations(
        """
        dx/dt = (pulse - x)/(1*ms) : 1
        pulse = clip(y, 0, 1) : 1 (constant over dt)
        y : 1
        """
    )
    held = standing_still(equations)
    ours = NeuronGroup(5, without_flag(equations, held), method=ExponentialEuler(held), dt=1 * ms)
    ours.y = [-1e8, -0.5, 0.25, 1.0, 7.0]
    Network(ours).run(1 * ms)
    expected = np.array([0, 0, 0.25, 1, 1]) * (1 - np.exp(-1))
    np.testing.assert_allclose(ours.x[:], expected, atol=1e-7)


def test_what_is_not_linear_is_refused():
    with pytest.raises(UnsupportedEquationsException, match="x"):
        ExponentialEuler()(Equations("dx/dt = -x**2/ms : 1"))
