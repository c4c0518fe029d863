"""What a resting cell is to an electrode, against a simulation of the whole cell."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, amp, ms, mV, pA, volt

from htm_brian.cells.group import Cells
from htm_brian.fitting import resting
from htm_brian.parameters import load_model


@pytest.mark.parametrize("name", ["l5_m_current", "thalamic_relay", "passive"])
def test_every_current_near_rest_is_part_of_the_resistance(name: str) -> None:
    """An M-current and a T-current are as good as an h-current; nothing here lists them."""
    model = load_model(name)
    cells = Cells(2, model, dt=0.25 * ms)
    cells.injected_current = [-1, 1] * pA
    Network(cells).run(500 * ms)
    measured = float((cells.v[1] - cells.v[0]) / volt) / 2e-12
    assert measured == pytest.approx(resting.input_resistance(model), rel=2e-3)


def test_the_holding_current_counts_what_the_m_current_takes() -> None:
    model = load_model("l5_m_current")
    cells = Cells(1, model, dt=0.25 * ms)
    cells.injected_current = resting.holding_current(model, 5e-3) * amp
    Network(cells).run(500 * ms)
    rest = model["soma"]["resting_potential"]
    assert float((cells.v[0] - rest) / mV) == pytest.approx(5, abs=0.02)
    assert resting.holding_current(model, 5e-3) > 1.02 * 5e-3 / resting.input_resistance(model)


def test_a_passive_cell_has_the_matrix_of_its_cable() -> None:
    """A chain of ten compartments: what an end sees follows from the links by hand."""
    model = load_model("passive")
    matrix = resting.conductance_matrix(model)
    assert np.allclose(matrix, matrix.T, rtol=1e-9, atol=0)
    links = -np.diag(matrix, 1)
    leaks = matrix.sum(axis=1)
    seen = leaks[-1]
    for leak, link in zip(leaks[-2::-1], links[::-1], strict=True):
        seen = leak + link * seen / (link + seen)
    assert resting.input_resistance(model) == pytest.approx(1 / seen, rel=1e-9)
