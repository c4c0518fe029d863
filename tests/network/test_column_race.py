"""What no column can be right with is refused, by the inequality that does not hold."""

from __future__ import annotations

import pytest
from brian2 import ms, mV, nS

from htm_brian.errors import InputError
from htm_brian.network.column_race import column_race, early_until, require_race
from htm_brian.parameters import load_model

CELL, NETWORK = load_model("l5_in_vivo"), load_model("minicolumns_in_vivo")


def noisy(millivolts: float) -> object:
    return NETWORK.with_values({"membrane_noise.standard_deviation": millivolts * mV})


def test_the_usual_columns_are_right_and_their_window_lies_between_early_and_late() -> None:
    race = require_race(CELL, NETWORK.with_values({"spread.threshold": 0.0}), 8)
    assert 4e-3 < race.window < 12e-3
    assert min(race.right()) > 0.8


def test_more_noise_means_fewer_right_columns_and_more_neurons_more() -> None:
    shares = [min(column_race(CELL, noisy(sd), 8).right()) for sd in (0.5, 2.0, 4.0)]  # type: ignore
    assert shares[0] > shares[1] > shares[2]
    assert min(column_race(CELL, noisy(4.0), 8, 16).right()) > shares[2] + 0.1  # type: ignore


@pytest.mark.parametrize(
    ("cell", "network", "inequality"),
    [
        (
            CELL.with_values({"branch.plateau_conductance": 1 * nS}),
            NETWORK,
            r"lead > inhibition.recruitment_delay \+ inhibition.delay, got 0.\d+ ms and 1.75 ms",
        ),
        (
            CELL.with_values({"feedforward.volley_conductance": 20 * nS}),
            NETWORK,
            "a volley must fire a cell: probability of a spike > 0.5, got 0.0",
        ),
        (
            CELL,
            noisy(8.0),
            r"probability > 0.5, got 0.[0-4]\d* with 8 mV of noise, a lead of \d+.\d mV, 8 cells",
        ),
        (
            CELL,
            NETWORK.with_values(
                {"inhibition.delay": 3 * ms, "inhibition.recruitment_delay": 3 * ms}
            ),
            "lead > inhibition.recruitment_delay",
        ),
    ],
)
def test_a_network_that_cannot_work_is_refused(cell, network, inequality: str) -> None:  # type: ignore
    with pytest.raises(InputError, match=inequality) as raised:
        require_race(cell, network, 8)
    assert "\n" not in str(raised.value)


def test_a_column_of_one_cell_has_no_race_to_lose() -> None:
    require_race(CELL.with_values({"branch.plateau_conductance": 1 * nS}), NETWORK, 1)


def test_early_is_what_recruits_inhibition() -> None:
    race = column_race(CELL, NETWORK, 8)
    assert early_until(NETWORK, race) == pytest.approx(1e-3 + race.window)
    jittering = NETWORK.with_values({"relay.neuron_jitter": 2 * ms})
    assert early_until(jittering, race) == pytest.approx(7e-3 + race.window)
