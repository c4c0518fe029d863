"""The integration of `htm_brian.engine.integration`, against closed forms and its own limit."""

import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    ms,
    mV,
    nA,
    nS,
    prefs,
)
from brian2.stateupdaters.base import UnsupportedEquationsException
from scipy.linalg import expm

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.elimination import solve
from htm_brian.engine.integration import LinearlyImplicit, standing_still, without_flag
from htm_brian.parameters import load_model


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def chain(n, coupling, step):
    """Return a chain of potentials that only exchange currents, the first of them at 1."""
    lines = []
    for k in range(n):
        near = [other for other in (k - 1, k + 1) if 0 <= other < n]
        pull = " + ".join(f"(v{other} - v{k})" for other in near)
        lines.append(f"dv{k}/dt = {coupling}*({pull})/ms : 1")
    group = NeuronGroup(
        1, "\n".join(lines), method=LinearlyImplicit([f"v{k}" for k in range(n)]), dt=step * ms
    )
    group.v0 = 1.0
    return group


def states(group, n):
    return np.array([getattr(group, f"v{k}")[0] for k in range(n)])


def test_a_chain_goes_to_the_matrix_exponential_with_the_square_of_the_step():
    matrix = np.diag([-1.0, -2, -2, -1]) + np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    exact = expm(matrix * 2.0)[:, 0]
    errors = []
    for step in (0.2, 0.1, 0.05):
        group = chain(4, 1.0, step)
        Network(group).run(2 * ms)
        errors.append(np.abs(states(group, 4) - exact).max())
    assert errors[0] < 0.005
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.2)


def test_a_stiff_chain_neither_swings_nor_loses_charge():
    """Coupling times step is 1000; the first step already spreads the charge evenly."""
    group = chain(4, 10_000.0, 0.1)
    network = Network(group)
    for _ in range(3):
        network.run(0.1 * ms)
        assert states(group, 4) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("speed", [0.01, 1.0, 5.0, 100.0])
def test_one_compartment_decays_by_the_pade_approximant(speed):
    """Third order, and never further from 0 on the other side than 18 % of where it was."""
    group = NeuronGroup(
        1, "dx/dt = -rate*x/ms : 1\nrate : 1", method=LinearlyImplicit(("x",)), dt=1 * ms
    )
    group.x, group.rate = 1.0, speed
    Network(group).run(1 * ms)
    exact = (6 - 2 * speed) / (speed**2 + 4 * speed + 6)
    assert group.x[0] == pytest.approx(exact, rel=1e-12)
    assert group.x[0] > -0.19
    if speed < 2:
        assert group.x[0] == pytest.approx(np.exp(-speed), abs=speed**4 / 40)


def excursion(step, method=None):
    """Return the potentials in mV of a cell with NMDA spikes on two branches."""
    cells = PyramidalCells(1, "l5_thick_tufted", dt=step * ms, method=method)
    cells.nmda_basal_0_1 = cells.nmda_tuft_0 = 20 * nS
    cells.ampa_basal_0_1 = 5 * nS
    trace = StateMonitor(cells, ["v", "v_basal_0_1", "v_nexus"], record=True, dt=0.4 * ms)
    Network(cells, trace).run(30 * ms)
    return np.array([getattr(trace, name)[0] / mV for name in ("v", "v_basal_0_1", "v_nexus")])


def test_a_cell_converges_with_the_square_of_the_step():
    """At 0.1 ms the soma is within some microvolts where branches go through NMDA spikes."""
    limit = excursion(0.0125)
    coarse, fine = (np.abs(excursion(step) - limit).max(axis=1) for step in (0.2, 0.1))
    assert (fine < [0.01, 0.05, 0.01]).all()
    assert (coarse / fine > 3).all()


@pytest.mark.slow
def test_a_cell_goes_to_what_the_method_of_brian2_goes_to():
    theirs = excursion(0.005, "rk2")
    assert np.abs(excursion(0.1) - theirs).max() < 0.05


def test_intervals_keep_no_trace_of_where_in_a_step_spikes_fall():
    """Without what came in since the crossing they would be up to 6 % too long, half a step."""
    times = []
    for step in (0.2, 0.0125):
        cells = PyramidalCells(8, "fast_spiking_interneuron", dt=step * ms)
        cells.soma_background_mean = cells.soma_background_standard_deviation = 0 * nA
        cells.injected_current = np.linspace(0.3, 0.6, 8) * nA
        spikes = SpikeMonitor(cells, "last_spike_time")
        Network(cells, spikes).run(60 * ms)
        times.append([spikes.values("last_spike_time")[k] / ms for k in range(8)])
    assert min(map(len, times[1])) > 4
    for coarse, fine in zip(*times, strict=True):
        count = min(len(coarse), len(fine))
        intervals = np.diff(coarse[:count]) / np.diff(fine[:count])
        assert intervals == pytest.approx(1, abs=0.02)


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
    code = LinearlyImplicit((), ("gate",))(equations)
    assert "(1 + exp(-x/width))**(-1)" in code
    assert "/x" not in code and "/(1" not in code and "/_held" not in code


def test_what_is_no_potential_sees_a_held_subexpression_as_it_was():
    group = NeuronGroup(
        1,
        """
        dx/dt = -gate*x/(10*ms) : 1
        gate = x**2 : 1
        """,
        method=LinearlyImplicit((), ("gate",)),
        dt=1 * ms,
    )
    group.x = 2.0
    Network(group).run(1 * ms)
    assert group.x[0] == pytest.approx(2.0 * np.exp(-4.0 * 0.1), rel=1e-12)


@pytest.mark.parametrize("gate", ["1/(1 + exp(-3*v))", "tanh(v)/4", "v**2/5"])
def test_potentials_follow_the_tangent_of_what_is_held(gate):
    """Whatever its form: the error goes with the square of the step."""
    errors = []
    for step in (0.1, 0.05, 0.003125):
        group = NeuronGroup(
            1,
            f"dv/dt = (1 - gate*v)/ms : 1\ngate = {gate} : 1",
            method=LinearlyImplicit(("v",), ("gate",)),
            dt=step * ms,
        )
        group.v = 0.2
        Network(group).run(1 * ms)
        errors.append(group.v[0])
    assert (errors[0] - errors[2]) / (errors[1] - errors[2]) == pytest.approx(4, rel=0.25)


def test_a_bound_is_kept_as_by_clip():
    equations = Equations(
        """
        dx/dt = (pulse - x)/(1*ms) : 1
        pulse = clip(y, 0, 1) : 1 (constant over dt)
        y : 1
        """
    )
    held = standing_still(equations)
    method = LinearlyImplicit((), held)
    ours = NeuronGroup(5, without_flag(equations, held), method=method, dt=1 * ms)
    ours.y = [-1e8, -0.5, 0.25, 1.0, 7.0]
    Network(ours).run(1 * ms)
    expected = np.array([0, 0, 0.25, 1, 1]) * (1 - np.exp(-1))
    np.testing.assert_allclose(ours.x[:], expected, atol=1e-7)


def test_what_is_not_linear_or_noisy_is_refused():
    with pytest.raises(UnsupportedEquationsException, match="x"):
        LinearlyImplicit()(Equations("dx/dt = -x**2/ms : 1"))
    with pytest.raises(UnsupportedEquationsException, match="noise"):
        LinearlyImplicit()(Equations("dx/dt = -x/ms + xi/ms**.5 : 1"))


def test_absurd_conductances_leave_the_state_finite():
    cells = PyramidalCells(1, "l5_thick_tufted", dt=0.1 * ms)
    for name in cells.compartments:
        setattr(cells, f"ampa_{name}", 1e6 * nS)
    cells.nmda_basal_0_0 = cells.nmda_soma = 1e6 * nS
    cells.injected_current = -1000 * nA
    Network(cells).run(5 * ms)
    for name in cells.equations.diff_eq_names:
        assert np.isfinite(cells.variables[name].get_value()).all(), name


@pytest.mark.parametrize("fill", [set(), {("c", "a"), ("a", "c")}])
def test_elimination_solves_trees_and_what_is_no_tree(fill):
    """A star needs no further entries; with leaves that touch or wrong order it does."""
    random = np.random.default_rng(1)
    names = ["a", "b", "c", "d"]
    entries = {("b", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("d", "b"), ("b", "d")} | fill
    matrix = np.diag(random.uniform(4, 5, 4))
    right = random.normal(size=4)
    known = {f"_diagonal_{name}": matrix[k, k] for k, name in enumerate(names)}
    known |= {f"_right_{name}": right[k] for k, name in enumerate(names)}
    for row, column in sorted(entries):
        value = random.normal()
        known[f"_entry_{row}_{column}"] = value
        matrix[names.index(row), names.index(column)] = value
    for order in (names, ["b", "a", "c", "d"], names[::-1]):
        local = dict(known)
        exec("\n".join(solve(order, entries)), {}, local)
        found = [local[f"_change_{name}"] for name in names]
        np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-10)


def test_compartments_of_every_model_are_eliminated_leaves_first():
    """So that nothing is filled in: as many products as there are links."""
    model = load_model("l5_thick_tufted")
    cells = PyramidalCells(1, model)
    Network(cells).run(0 * ms)
    code = cells.state_updater.abstract_code
    links = len(cells.compartments) - 1
    assert code.count("_factor_") == 3 * links
