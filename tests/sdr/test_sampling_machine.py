"""The synaptic sampling machine against closed forms and exact counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from htm_brian.sdr.sampling_machine import SynapticSamplingMachine


def test_a_unit_is_on_as_often_as_a_binomial_exceeds_its_threshold() -> None:
    machine = SynapticSamplingMachine(10, 3, 0.3, seed=1)
    machine.weights[:] = 0.3  # quanta of 1
    machine.hidden_bias[:] = [-0.5, -2.5, -4.5]
    shown = np.zeros((40_000, 10), dtype=np.uint8)
    shown[:, :8] = 1
    on = machine.hidden(shown)
    wanted = binom(8, 0.3).sf([0, 2, 4])
    assert np.abs(on.mean(axis=0) - wanted).max() < 4 * 0.5 / np.sqrt(len(shown))
    # Synapses fail on their own, so units that share their input are independent.
    assert np.abs(np.corrcoef(on.T) - np.eye(3)).max() < 0.03
    # So are the rows that follow each other.
    later = [np.corrcoef(unit[:-1], unit[1:])[0, 1] for unit in on.T]
    assert np.abs(later).max() < 4 / np.sqrt(len(shown)), later


def test_the_deterministic_twin_transmits_the_mean() -> None:
    machine = SynapticSamplingMachine(5, 4, 0.5, initial_spread=1.0, seed=2)
    twin = machine.deterministic()
    shown = np.array([[1, 0, 1, 1, 0]], dtype=np.uint8)
    assert (twin.hidden(shown) == (shown @ machine.weights > 0)).all()
    assert (twin.sample(shown, 3) == twin.sample(shown, 3)).all()


def test_pruning_removes_the_weakest_for_good() -> None:
    machine = SynapticSamplingMachine(6, 10, seed=3)
    weights = machine.weights.copy()
    machine.prune(0.75)
    assert machine.connected.sum() == 15
    assert np.abs(weights[machine.connected]).min() >= np.abs(weights[~machine.connected]).max()
    machine.learn(np.ones((20, 6), dtype=np.uint8), 0.5)
    assert (machine.weights[~machine.connected] == 0).all()
    assert (machine.weights[machine.connected] != weights[machine.connected]).any()


def test_learning_moves_weights_from_its_own_run_to_the_data() -> None:
    machine = SynapticSamplingMachine(8, 12, seed=4)
    data = np.tile(np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=np.uint8), (50, 1))
    before = (machine.sample(data, 5) == data).mean()
    for _ in range(300):
        machine.learn(data, 0.1, persistent=True)
    after = (machine.sample(data, 5) == data).mean()
    assert after > 0.95 > before


def test_the_same_seed_draws_the_same() -> None:
    shown = np.ones((50, 8), dtype=np.uint8)
    one, same, other = (SynapticSamplingMachine(8, 9, seed=s).sample(shown, 4) for s in (5, 5, 6))
    assert (one == same).all() and (one != other).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "n_visible must be at least 1, got 0"),
        ((3, 3, 0.0), r"transmission_probability must lie in \[0.01, 1\], got 0.0"),
    ],
)
def test_bad_arguments(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SynapticSamplingMachine(*arguments)  # type: ignore[arg-type]


def test_a_run_of_its_own_takes_at_least_a_step() -> None:
    with pytest.raises(ValueError, match="^steps must be at least 1, got 0$"):
        SynapticSamplingMachine(3, 3).learn(np.ones((2, 3), dtype=np.uint8), steps=0)
