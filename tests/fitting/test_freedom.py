"""Ranges, bounds and neighbours of free parameters, in closed form."""

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.fitting.freedom import (
    Free,
    at_bounds,
    free_parameters,
    neighbours,
    survival,
    values_at,
)
from htm_brian.parameters import load_model

LINEAR = Free("spike.threshold", "mV", -50, -55, -45, -65, -35, "a paper")
LOG = Free("adaptation.increment", "pA", 33, 2, 200, 0, 400, "a paper")


def test_a_range_of_a_factor_of_ten_is_searched_by_its_logarithm():
    assert not LINEAR.logarithmic and LOG.logarithmic
    np.testing.assert_allclose(LINEAR.at([0, 0.5, 1]), [-55, -50, -45])
    np.testing.assert_allclose(LOG.at([0, 0.5, 1]), [2, 20, 200])
    for free in (LINEAR, LOG):
        np.testing.assert_allclose(free.share(free.at([0.1, 0.7])), [0.1, 0.7])


def test_values_are_in_si_units():
    found = values_at((LINEAR, LOG), np.array([[0.5, 0.5], [1, 1]]))
    np.testing.assert_allclose(found["spike.threshold"], [-0.05, -0.045])
    np.testing.assert_allclose(found["adaptation.increment"], [20e-12, 200e-12])


def test_what_is_within_1_percent_of_a_bound_is_at_it():
    assert at_bounds((LINEAR, LOG), np.array([0.011, 0.989])) == []
    assert at_bounds((LINEAR, LOG), np.array([0.009, 0.5])) == [LINEAR]
    assert at_bounds((LINEAR, LOG), np.array([0.5, 1.0])) == [LOG]


def test_neighbours_differ_by_10_percent_of_one_parameter_potentials_counted_from_rest():
    values = {"spike.threshold": np.array([-0.05]), "adaptation.increment": np.array([1e-10])}
    found = neighbours((LINEAR, LOG), values, rest=-0.07)
    np.testing.assert_allclose(found["spike.threshold"], [-0.05, -0.052, -0.048, -0.05, -0.05])
    np.testing.assert_allclose(
        found["adaptation.increment"], [1e-10, 1e-10, 1e-10, 0.9e-10, 1.1e-10]
    )


def test_neighbours_stay_in_the_physical_range():
    high = {"spike.threshold": np.array([-0.05]), "adaptation.increment": np.array([390e-12])}
    found = neighbours((LINEAR, LOG), high, rest=-0.07)
    assert found["adaptation.increment"].max() == pytest.approx(400e-12)


def test_survival_is_the_share_of_neighbours_in_which_a_check_holds():
    holding = np.array([[1, 1], [1, 0], [1, 1], [0, 0], [1, 0]], dtype=bool)
    np.testing.assert_allclose(survival(holding, 2), [[0.75, 0.25]])


def test_the_free_ranges_of_the_layer_5_cell_have_sources_and_lie_in_the_physical_range():
    free = free_parameters(load_model("l5_thick_tufted"))
    assert len(free) == 23
    for each in free:
        assert each.least <= each.low < each.high <= each.most
        assert len(each.source) > 10
    order = {each.path: (each.low, each.high) for each in free}
    # Hay et al. 2011: 0.2-2 along the trunk, 2-4 around the nexus, 4-15 in the tuft.
    assert order["hcn.trunk_density"] == (0.2, 2)
    assert order["hcn.nexus_density"] == (2, 4)
    assert order["hcn.tuft_density"] == (4, 15)


def test_a_model_without_free_parameters_is_refused():
    with pytest.raises(InputError, match="l5_awake has no parameter that a fit may choose"):
        free_parameters(load_model("l5_awake"))
