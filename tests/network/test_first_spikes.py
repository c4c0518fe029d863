"""First spikes in closed form, held against Brian2's cells with noise, spread and jitter."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms, mV, seed

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.spread import spread_cells, spread_paths
from htm_brian.network.column_race import spikes_of
from htm_brian.network.minicolumns import Minicolumns
from htm_brian.parameters import Model, load_model

QUANTILES = (0.1, 0.5, 0.9)
CELL = "l5_in_vivo"


def network(noise: float, spread: float, jitter: float = 0.0) -> Model:
    values: dict[str, object] = {
        f"spread.{key}": spread for key in ("threshold", "leak", "strength")
    }
    return load_model("minicolumns_in_vivo").with_values(
        {
            **values,
            "relay.variation": 0.1,
            "relay.column_jitter": 0 * ms,
            "relay.neuron_jitter": jitter * ms,
            "membrane_noise.standard_deviation": noise * mV,
        }
    )


def simulated(model: Model, cell: Model, plateau: bool, n: int) -> tuple[np.ndarray, float]:
    """Return first spikes in seconds since the mean arrival of a volley, infinite for none.

    Return also the mean potential when the relay cells spike, in volts.
    """
    seed(3)
    paths = spread_paths(model["spread"])
    noisy = cell.with_table(model["membrane_noise"])
    cells = PyramidalCells(n, noisy, dt=0.25 * ms, per_cell=paths)
    if paths:
        spread_cells(cells, noisy, model["spread"], np.random.default_rng(4))
    around = Minicolumns(cells, n, model["relay"], model["inhibition"], cells.clock, recruiting=9)
    spikes = SpikeMonitor(cells, "last_spike_time")
    net = Network(cells, *around.objects, spikes)
    element, layer = model["element"], model["layer_inhibition"]
    wait = model["relay"]["delay"] + 3 * model["relay"]["neuron_jitter"]
    volley = 80 * ms

    def inhibit() -> None:
        cells.g_inhibition = layer["conductance"]

    def predict() -> None:
        if plateau:
            cells.basal_conductance = cell["branch"]["plateau_conductance"]
            around.excite(np.full(n, 1 - float(model["excitability"]["held_back"])))

    before = volley - element["period"] - wait + layer["delay"], inhibit
    for time, happens in sorted(
        [before, (volley - element["period"] + element["arrival"], predict)],
        key=lambda each: each[0],
    ):
        net.run(time - net.t)
        happens()
    net.run(volley - wait - net.t)
    known, potential = len(spikes.i), float(np.mean(cells.v))
    around.drive(np.arange(n))
    net.run(wait + 24 * ms)
    first = np.full(n, np.inf)
    np.minimum.at(
        first, spikes.i[known:], np.asarray(spikes.last_spike_time)[known:] - float(volley)
    )
    return first, potential


@pytest.mark.parametrize(
    ("noise", "spread", "jitter"), [(1.0, 0.0, 0.0), (2.0, 0.1, 0.0), (2.0, 0.1, 2.0)]
)
def test_quantiles_are_those_of_the_cells_unpredicted(
    noise: float,
    spread: float,
    jitter: float,
    brian2_warnings_are_errors: list[str],
) -> None:
    model, cell = network(noise, spread, jitter), load_model(CELL)
    found = spikes_of(cell, model)
    drawn, _ = simulated(model, cell, False, 1000)
    brian2_warnings_are_errors.clear()  # of randn() in what a spike does to its targets
    assert np.isfinite(drawn).mean() == pytest.approx(found.unpredicted[-1], abs=0.03)
    for share in QUANTILES:
        derived = found.times[np.searchsorted(found.unpredicted, share)]
        measured = np.quantile(drawn, share)
        assert 1e3 * derived == pytest.approx(1e3 * measured, abs=0.4), share


def test_a_plateau_brings_first_spikes_forward_as_derived() -> None:
    model, cell = network(2.0, 0.0), load_model(CELL)
    found = spikes_of(cell, model)
    early, lifted = simulated(model, cell, True, 600)
    _, low = simulated(model, cell, False, 600)
    for share in QUANTILES:
        derived = found.times[np.searchsorted(found.predicted, share)]
        assert 1e3 * derived == pytest.approx(1e3 * np.quantile(early, share), abs=0.25), share
    assert 1e3 * found.lead == pytest.approx(1e3 * (lifted - low), abs=0.4)


def test_a_predicted_cell_spikes_unprompted_in_at_most_one_element_of_a_hundred() -> None:
    """At the 2 mV of the model, with its spread of cells."""
    found = spikes_of(load_model(CELL), network(2.0, 0.1))
    share = 1 - np.exp(-found.unprompted * 0.05)
    assert 0 < share < 0.01, share


def test_without_noise_spikes_are_certain_to_a_step() -> None:
    found = spikes_of(load_model(CELL), network(0.0, 0.0).with_values({"relay.variation": 0.0}))
    for reached in (found.predicted, found.unpredicted):
        rising = found.times[(reached > 0.01) & (reached < 0.99)]
        assert not len(rising) or np.ptp(rising) <= 0.25e-3


def test_jitter_leaves_nothing_more_than_certain() -> None:
    """Where nothing else varies every cell spikes; a probability above 1 would be none at all."""
    found = spikes_of(load_model(CELL), network(0.0, 0.0, 2.0))
    assert 0.999 < found.unpredicted[-1] <= found.predicted[-1] <= 1
