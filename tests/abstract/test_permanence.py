"""Permanence rules and weights against their closed forms."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.abstract import permanence
from htm_brian.abstract.permanence import IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.synapse_weight import SigmoidWeight

RULES = st.builds(UpDown, st.floats(0, 1), st.floats(0, 1)) | st.builds(
    IncidenceRate, st.floats(0.5, 1000), st.floats(0.01, 1)
)
PERMANENCES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20)


def test_examples():
    assert doctest.testmod(permanence).failed == 0


@given(RULES, PERMANENCES, st.integers(0, 2**20 - 1))
def test_update_stays_in_range_and_moves_the_right_way(rule, values, pattern):
    p = np.array(values, dtype=np.float32)
    active = np.array([(pattern >> i) & 1 for i in range(len(p))], dtype=bool)
    before = p.copy()
    new = rule.update(p, active)
    assert new.dtype == np.float32 and new.shape == p.shape
    assert (p == before).all()
    assert ((new >= 0) & (new <= 1)).all()
    assert (new[active] >= p[active] - 1e-6).all()
    assert (new[~active] <= p[~active]).all()


@given(RULES)
def test_rules_offer_the_whole_interface(rule):
    assert isinstance(rule, PermanenceRule)
    assert 0 < rule.prune_below < rule.connected_permanence
    assert len(rule.kernel_parameters) == 3


def test_incidence_rate_follows_the_moving_average():
    rule = IncidenceRate(learning_period=20, incidence_rate=0.1)
    p = np.array([0.1], dtype=np.float32)
    for _ in range(40):
        p = rule.update(p, np.array([True]))
    assert p[0] == pytest.approx(1 - 0.9 * math.exp(-40 / 20), abs=1e-5)
    assert rule.alpha == pytest.approx(1 - math.exp(-1 / 20))


def test_incidence_rate_has_the_stated_stationary_mean_and_variance():
    rule, q, n = IncidenceRate(10, 0.2), 0.3, 200_000
    rng = np.random.default_rng(1)
    p = np.full(n, 0.2, dtype=np.float32)
    for _ in range(120):
        p = rule.update(p, rng.random(n) < q)
    assert p.mean(dtype=np.float64) == pytest.approx(q, abs=0.002)
    assert p.var(dtype=np.float64) == pytest.approx(
        q * (1 - q) * rule.alpha / (2 - rule.alpha), rel=0.02
    )


@pytest.mark.parametrize(("decrement", "capacity"), [(0.1, 2), (0.05, 3), (0.02, 6), (0.01, 11)])
def test_up_down_capacity(decrement, capacity):
    assert UpDown(0.1, decrement).capacity == pytest.approx(capacity)
    assert UpDown(0.1, 0.0).capacity == math.inf


def test_sigmoid_tends_to_the_binary_threshold():
    p = np.array([0.0, 0.3, 0.49, 0.51, 1.0])
    binary = SigmoidWeight(0.5, math.inf).weight(p)
    assert binary.tolist() == [0, 0, 0, 1, 1]
    assert SigmoidWeight(0.5, 1e5).weight(p) == pytest.approx(binary, abs=1e-6)
    assert SigmoidWeight(0.5, 8.0).weight(np.array([0.5]))[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UpDown(increment=-0.1), "increment must lie in [0.0, 1.0], got -0.1"),
        (lambda: UpDown(decrement=1.5), "decrement must lie in [0.0, 1.0], got 1.5"),
        (lambda: UpDown(increment=math.nan), "increment must be a finite number, got nan"),
        (lambda: IncidenceRate(learning_period=0), "learning_period must be positive, got 0"),
        (lambda: IncidenceRate(incidence_rate=0), "incidence_rate must lie in (0, 1], got 0"),
        (lambda: SigmoidWeight(0.5, slope=0), "slope must be positive, got 0"),
    ],
)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
