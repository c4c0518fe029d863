"""The protocol with few cells: what it finds, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from scipy.stats import norm

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.dynamic_range import draw
from htm_brian.protocols.dynamic_range import DynamicRangeParameters
from htm_brian.protocols.dynamic_range.checks import checks
from htm_brian.protocols.dynamic_range.measurement import growth
from htm_brian.protocols.dynamic_range.stimulus import SYNAPSES, Synapse

SMALL = DynamicRangeParameters(n_rates=15, axons=1000, cells=40, trials=3)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("dynamic_range")(SMALL).run(SilentProgress())


def test_unreliable_synapses_widen_the_range(outcome: Outcome) -> None:
    """The threads: stochastic release increases the dynamic range."""
    ratio = outcome.dataset.ratio
    assert float(ratio.sel(synapse="1 site, p = 0.3")) > 1.3, ratio
    wider = ratio.sel(synapse="1 site, p = 0.3") > ratio.sel(synapse="1 site, p = 0.7")
    assert bool(wider), ratio
    assert np.abs(outcome.dataset.middle / outcome.dataset.middle[0] - 1).max() < 0.08


def test_the_closed_form_is_that_of_a_thinned_poisson_process() -> None:
    # A Poisson count of mean m, thinned by p, has the relative width 1/sqrt(pm).
    rng = np.random.default_rng(0)
    arrived = rng.poisson(200, 200_000)
    for synapse in SYNAPSES[1:]:
        released = rng.binomial(arrived * synapse.sites, synapse.release_probability)
        relative = released.std() / released.mean()
        assert relative / (arrived.std() / 200) == pytest.approx(synapse.widening, rel=0.01)
    assert Synapse("", 1, 0.25).widening == 2


def test_growth_finds_a_cumulative_gaussian() -> None:
    rates = np.linspace(10, 50, 21)
    assert growth(rates, norm.cdf((rates - 31) / 4)) == pytest.approx((31, 4))


def test_checks_fail_without_a_widening_and_without_a_fit(outcome: Outcome) -> None:
    same = outcome.dataset.copy(deep=True)
    for name in ("ratio", "ratio_low", "ratio_high"):
        same[name][:] = 1.0
    # One of the range for each kind of synapse, and the ratio's against the closed form.
    assert [check.passed for check in checks(same)][:5] == [False] * 5
    unfit = outcome.dataset.copy(deep=True)
    unfit["ratio"][1], unfit["middle"][1] = np.nan, np.nan
    assert [check.passed for check in checks(unfit)][4:] == [False, False]
    assert not checks(unfit)[0].passed  # the kind that has no ratio


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 2


def test_the_same_seed_gives_the_same_result() -> None:
    few = replace(SMALL, n_rates=5, cells=4, trials=1, axons=300)
    one, other = (load_protocol("dynamic_range")(few).run(SilentProgress()) for _ in range(2))
    assert one.dataset.share.identical(other.dataset.share)


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    few = replace(SMALL, n_rates=5, cells=4, axons=300)
    result = load_protocol("dynamic_range")(few).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lowest_rate": 3 * mV}, "lowest_rate must have a unit like Hz"),
        ({"highest_rate": 1 * Hz}, "highest_rate must exceed lowest_rate"),
        ({"volley": 0 * ms}, "volley must be a positive time"),
        ({"axons_per_cell": 5000}, r"axons_per_cell must lie in \[1, 1000\], got 5000"),
        ({"n_rates": 2}, "n_rates must be at least 5, got 2"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(SMALL, **changes)
