"""Errors, losses, the front and the tally have values that can be written down."""

import numpy as np

from htm_brian.fitting.detailed_cell import FITTED, HELD_OUT, Condition, Target
from htm_brian.fitting.score import FARTHEST, errors, family_losses, hold, nondominated, tally


def target(family, measure, value, role=FITTED):
    return Target(Condition(family, family, role, 1, 5, 1, 0, 0, 5, 200), measure, value)


TARGETS = [
    target("steps", "rate", 20.0),
    target("steps", "rate", 10.0, HELD_OUT),
    target("pulses", "spikes", 2.0),
]


def test_an_error_counts_in_tolerances_and_is_capped():
    found = errors(np.array([[26.0, 10.0, 3.0], [np.nan, 1e9, 2.0]]), TARGETS)
    np.testing.assert_allclose(found, [[1, 0, 2], [FARTHEST, FARTHEST, 0]])
    np.testing.assert_array_equal(hold(found), [[True, True, False], [False, False, True]])


def test_the_loss_of_a_family_is_1_at_the_edge_of_its_bands():
    losses = family_losses(np.array([[1.0, 1.0, 0.0]]), TARGETS)
    np.testing.assert_allclose(losses, [[1, 0]])


def test_the_tally_keeps_the_roles_apart():
    found = tally(np.array([1.0, 3.0, 0.0]), TARGETS)
    assert found[FITTED]["all"] == {"checks": 2, "hold": 2, "loss": 0.5}
    assert found[HELD_OUT]["steps"] == {"checks": 1, "hold": 0, "loss": 2.0}


def test_the_front_is_what_brute_force_finds():
    losses = np.random.default_rng(1).random((60, 3)).round(1)
    kept = []
    for k, own in enumerate(losses):
        better = (losses <= own).all(axis=1) & (losses < own).any(axis=1)
        twin = (losses == own).all(axis=1)
        if not better.any() and np.argmax(twin) == k:
            kept.append(k)
    np.testing.assert_array_equal(nondominated(losses), kept)
