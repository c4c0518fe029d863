"""Each mechanism alone, against its closed form."""

from __future__ import annotations

import re

import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    amp,
    ms,
    mV,
    nS,
    pA,
    second,
    siemens,
    volt,
)
from numpy.typing import NDArray

from htm_brian.cells import assembly, pyramidal
from htm_brian.cells.group import Cells
from htm_brian.mechanisms import (
    adaptation,
    branch,
    compartment,
    feedforward,
    inhibition,
    plateau,
    soma,
    spike,
)
from htm_brian.mechanisms.interface import Compartment, Site
from htm_brian.mechanisms.mechanism import NEVER, assign, describe, variable_name
from htm_brian.parameters import Model, load_model

DT = 0.1 * ms

BASAL = Site(
    (Compartment("basal", "basal"),),
    {"soma": ["basal_coupling_current"], "basal": ["basal_plateau_current"]},
)
"""A basal compartment under plateaus, coupled to the soma."""


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("l5_reduced")


def group(equations: Equations, model: Model, tables: list[str], **options: object) -> NeuronGroup:
    made = NeuronGroup(options.pop("N", 1), equations, dt=DT, **options)
    for table in tables:
        assign(made, model[table])
    return made


def trace(made: NeuronGroup, variable: str, duration: object) -> NDArray[np.float64]:
    monitor = StateMonitor(made, variable, record=True)
    Network(made, monitor).run(duration)
    return np.asarray(getattr(monitor, variable)[0])


def times(duration: object) -> NDArray[np.float64]:
    return np.arange(round(float(duration / DT))) * float(DT)


def test_soma_relaxes_to_rest_plus_current_over_leak(model: Model) -> None:
    cell = group(soma.equations(model["soma"]), model, ["soma"], method="exact")
    cell.v = model["soma"]["resting_potential"]
    cell.injected_current = 300 * pA
    measured = trace(cell, "v", 80 * ms)
    tau, rise = 370 / 23.125 * 1e-3, 300e-12 / 23.125e-9
    expected = -70e-3 + rise * (1 - np.exp(-times(80 * ms) / tau))
    np.testing.assert_allclose(measured, expected, rtol=1e-9)


def test_compartment_and_soma_settle_at_the_solution_of_two_linear_equations(model: Model) -> None:
    whole = (
        soma.equations(model["soma"], BASAL)
        + compartment.equations(model["basal"], BASAL)
        + plateau.equations(model["plateau"], BASAL)
    )
    cell = group(whole, model, ["soma", "basal", "plateau"], method="euler")
    cell.v = cell.v_basal = model["soma"]["resting_potential"]
    cell.basal_conductance = 20 * nS
    Network(cell).run(400 * ms)
    leak, coupling, drive = 5.0, 4.19, 20.0
    # Unknowns: depolarisations of compartment and soma, in mV.
    matrix = [[leak + coupling + drive, -coupling], [-coupling, coupling + 23.125]]
    basal, body = np.linalg.solve(matrix, [drive * 70, 0])
    assert cell.v_basal[0] / mV + 70 == pytest.approx(basal, rel=1e-6)
    assert cell.v[0] / mV + 70 == pytest.approx(body, rel=1e-6)


def test_second_plateau_adds_a_sixth_of_the_first(model: Model) -> None:
    whole = (
        soma.equations(model["soma"], BASAL)
        + compartment.equations(model["basal"], BASAL)
        + plateau.equations(model["plateau"], BASAL)
    )
    cell = group(whole, model, ["soma", "basal", "plateau"], N=2, method="euler")
    cell.v = cell.v_basal = model["soma"]["resting_potential"]
    cell.basal_conductance = [1, 2] * model["branch"]["plateau_conductance"]
    Network(cell).run(300 * ms)
    one, two = cell.v / mV + 70
    assert two / one - 1 == pytest.approx(1 / 6, abs=0.02)


def test_without_saturation_plateaus_add(model: Model) -> None:
    """Each with the current that its conductance passes at rest, here 1 nS times 70 mV."""
    whole = (
        soma.equations(model["soma"], BASAL)
        + compartment.equations(model["basal"], BASAL)
        + plateau.equations(model["plateau"], BASAL)
    )
    cell = group(whole, model, ["soma", "basal", "plateau"], N=2, method="euler")
    cell.plateau_saturation = 0
    cell.v = cell.v_basal = model["soma"]["resting_potential"]
    cell.basal_conductance = [1, 3] * nS
    Network(cell).run(400 * ms)
    leak, coupling = 5.0, 4.19
    basal, body = np.linalg.solve(
        [[leak + coupling, -coupling], [-coupling, coupling + 23.125]], [70, 0]
    )
    np.testing.assert_allclose(cell.v_basal / mV + 70, [basal, 3 * basal], rtol=1e-6)
    np.testing.assert_allclose(cell.v / mV + 70, [body, 3 * body], rtol=1e-6)


def test_adaptation_steps_up_with_each_spike_and_decays(model: Model) -> None:
    cell = group(
        adaptation.equations(model["adaptation"]),
        model,
        ["adaptation"],
        method="exact",
        threshold="t_in_timesteps % 400 == 0",  # a spike every 40 ms, the first at once
        reset=adaptation.on_spike(),
    )
    Network(cell).run(40 * 9 * ms)
    step, tau = (float(model["adaptation"][key]) for key in ("increment", "time_constant"))
    q = np.exp(-40e-3 / tau)
    # The last spike, the ninth, was 40 ms ago but for the decay of the step it fell into.
    expected = step * (1 - q**9) / (1 - q) * np.exp(-39.9e-3 / tau)
    assert cell.adaptation[0] / amp == pytest.approx(expected, rel=1e-9)


def test_slow_adaptation_is_a_second_current_of_its_own() -> None:
    tree = load_model("l5_thick_tufted")
    cells = Cells(1, tree, dt=0.1 * ms)
    cells.v = 0 * mV  # fires at once
    net = Network(cells)
    net.run(0.1 * ms)
    for name in ("adaptation", "slow_adaptation"):
        step = float(tree[name]["increment"])
        assert float(getattr(cells, name)[0]) == pytest.approx(step, rel=1e-6)
    net.run(300 * ms)
    fast, slow = (float(tree[n]["time_constant"]) for n in ("adaptation", "slow_adaptation"))
    assert slow > 2 * fast
    assert float(cells.slow_adaptation[0]) == pytest.approx(
        float(tree["slow_adaptation"]["increment"]) * np.exp(-0.3 / slow), rel=1e-3
    )


def test_inhibition_decays_and_divides_the_current_response(model: Model) -> None:
    whole = soma.equations(
        model["soma"], Site(inward={"soma": ["inhibition_current"]})
    ) + Equations("v_proximal : volt")
    cell = group(
        whole + inhibition.equations(model["inhibition"]),
        model,
        ["soma", "inhibition"],
        N=2,
        method="euler",
    )
    cell.v = cell.v_proximal = model["soma"]["resting_potential"]
    cell.g_inhibition = 100 * nS
    cell.injected_current = [0, 300] * pA
    net = Network(cell)
    net.run(20 * ms)
    tau = model["inhibition"]["time_constant"] / ms
    decayed = 100 * (1 - 0.1 / tau) ** 200  # Euler's own closed form
    assert cell.g_inhibition[0] / nS == pytest.approx(decayed, rel=1e-9)
    assert cell.v[0] / mV == pytest.approx(-70, abs=1e-9), "inhibition at rest must only shunt"
    cell.inhibition_time_constant = 1e9 * second  # constant from here on
    net.run(200 * ms)
    expected = 300 / (23.125 + decayed)
    assert cell.v[1] / mV + 70 == pytest.approx(expected, rel=1e-5)


def test_inhibition_acts_on_the_proximal_compartment_by_its_share(model: Model) -> None:
    cell = group(
        inhibition.equations(model["inhibition"]) + Equations("v : volt\nv_proximal : volt"),
        model,
        ["inhibition"],
        method="exact",
    )
    cell.v, cell.v_proximal, cell.g_inhibition = -50 * mV, -60 * mV, 10 * nS
    assert cell.inhibition_current[0] / pA == pytest.approx(-200)
    cell.inhibition_proximal_share = 0.5
    assert cell.proximal_inhibition_current[0] / pA == pytest.approx(-50)


def test_feedforward_conductance_carries_its_integral_whatever_the_step(model: Model) -> None:
    tau = float(model["feedforward"]["time_constant"])
    for step in (0.1, 0.5):
        whole = feedforward.equations(model["feedforward"]) + Equations(
            "dcharge/dt = feedforward_conductance : siemens*second\nv_proximal : volt"
        )
        cell = NeuronGroup(1, whole, dt=step * ms, method="euler")
        assign(cell, model["feedforward"])
        cell.feedforward_conductance = 200 * nS
        Network(cell).run(200 * ms)
        assert cell.charge[0] / (siemens * second) == pytest.approx(200e-9 * tau, rel=1e-6)


def test_slow_feedforward_conductance_follows_the_fast_one(model: Model) -> None:
    """The difference of two exponentials; what it lets pass grows e-fold with 16.1 mV, to 25 mV."""
    slowly = model.with_values({"feedforward.slow_share": 0.5, "feedforward.time_constant": 2 * ms})
    whole = feedforward.equations(slowly["feedforward"]) + Equations(
        "v_proximal : volt\nresting_potential : volt (shared, constant)"
    )
    cell = NeuronGroup(3, whole, dt=0.01 * ms, method="euler")
    assign(cell, slowly["feedforward"])
    cell.resting_potential = -70 * mV
    cell.v_proximal = [-75, -60, -40] * mV
    cell.feedforward_conductance = 100 * nS
    Network(cell).run(10 * ms)
    slow = 0.5 * 100 * 75 / 73 * (np.exp(-10 / 75) - np.exp(-10 / 2))
    np.testing.assert_allclose(cell.slow_feedforward_conductance / nS, slow, rtol=0.01)
    expected = np.exp(np.array([0, 10, 25]) / 16.129032258)
    np.testing.assert_allclose(cell.feedforward_unblocked, expected)
    fast = cell.feedforward_conductance / nS
    passed = cell.feedforward_current / pA
    np.testing.assert_allclose(
        passed, (fast + cell.slow_feedforward_conductance / nS * expected) * [75, 60, 40]
    )


def leaky_spiker(model: Model, N: int, step: object) -> NeuronGroup:
    cell = NeuronGroup(
        N,
        soma.equations(model["soma"]) + spike.equations(model["spike"]),
        method="exact",
        dt=step,
        threshold=spike.THRESHOLD,
        reset=spike.ON_SPIKE,
    )
    assign(cell, model["soma"])
    assign(cell, model["spike"])
    cell.v = model["soma"]["resting_potential"]
    cell.last_spike_time = NEVER
    spike.reset_at_once(cell)
    return cell


@pytest.mark.parametrize("step", [0.1, 0.25, 0.5])
def test_crossing_is_told_well_below_the_step(model: Model, step: float) -> None:
    """Against ``t = -tau ln(1 - threshold distance / (I/g))``."""
    current = np.linspace(500, 3000, 40)
    cell = leaky_spiker(model, len(current), step * ms)
    cell.injected_current = current * pA
    spikes = SpikeMonitor(cell, "last_spike_time")
    Network(cell, spikes).run(45 * ms)
    trains = spikes.values("last_spike_time")
    first = np.array([trains[i][0] / ms for i in range(len(current))])
    expected = -16 * np.log(1 - 20 / (current / 23.125))
    error = np.abs(first - expected).max()
    # A straight line instead of the exponential is off by step**2/(2 tau) at most.
    assert error <= step**2 / (2 * 16), f"crossing told {error:.4f} ms off"
    assert (np.diff(first) < 0).all(), "more current must be seen to cross first"


def test_refractory_period_is_kept_whatever_the_step(model: Model) -> None:
    for step in (0.1, 0.25, 0.5):
        cell = leaky_spiker(model, 1, step * ms)
        cell.injected_current = 1e5 * pA  # reaches the threshold within a tenth of a millisecond
        spikes = SpikeMonitor(cell, "last_spike_time")
        Network(cell, spikes).run(60 * ms)
        intervals = np.diff(spikes.last_spike_time / ms)
        assert intervals.min() >= 3 - 1e-9 and intervals.max() <= 3 + step + 1e-9


def test_a_spike_resets_the_potential(model: Model) -> None:
    cell = leaky_spiker(model, 1, DT)
    cell.v = -49 * mV
    cell.spike_reset_potential = -64 * mV
    Network(cell).run(DT)
    assert cell.v[0] / mV == -64
    assert cell.last_spike_time[0] / ms == pytest.approx(0.1)  # falling: at the step's end


@pytest.mark.parametrize("model", ["l5_reduced", "l5_reduced_fitted", "l5_thick_tufted"])
def test_a_mechanism_declares_its_parameters_and_explains_its_variables(model: str) -> None:
    cell = load_model(model)
    present = assembly.require(cell)
    for mechanism in present:
        if mechanism.equations is None:
            continue
        site = assembly.sites(cell, present)[mechanism.table]
        equations = mechanism.equations(cell[mechanism.table], site)
        parameters = {variable_name(mechanism.table, key) for key in mechanism.keys}
        assert parameters <= set(equations.names), mechanism.table
        for name in parameters:
            assert set(equations[name].flags) == {"shared", "constant"}
        assert set(equations.names) - parameters <= set(mechanism.meanings(site)), mechanism.table


def test_a_branch_declares_its_parameters_and_explains_its_variables(model: Model) -> None:
    parameters = {variable_name(branch.TABLE, key) for key in branch.KEYS}
    explained = set()
    for each in (model, load_model("l5_reduced_fitted")):  # all or none, and graded
        names = set(branch.equations(each[branch.TABLE]).names)
        assert parameters <= names
        explained |= names - parameters
    assert explained == set(branch.VARIABLES)


def test_a_mechanism_refuses_a_table_that_is_not_its_own(model: Model) -> None:
    with pytest.raises(ValueError, match=r"unknown key membrane_capacitance.*\[soma\]"):
        adaptation.equations(model["soma"])


def test_description_is_complete_and_can_be_read_back(model: Model) -> None:
    equations = pyramidal.equations(model)
    text = describe(equations, pyramidal.design(model).variables, model)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(equations)
    assert all("  # " in line for line in lines), "every line has a comment"
    assert "leak_conductance : S (shared, constant)  # 23.125 nS; Naud & Sprekeler 2018" in text
    assert re.search(r"^dv/dt = membrane_current/membrane_capacitance : V  # ", text, re.M)
    read_back = Equations(
        text.replace(" S", " siemens")
        .replace(" V", " volt")
        .replace(" A", " amp")
        .replace(" F", " farad")
        .replace(" s ", " second ")
    )
    assert read_back.names == equations.names
    assert {e.dim for e in read_back.values()} >= {volt.dim, siemens.dim, amp.dim}
