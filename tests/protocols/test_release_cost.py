"""The protocol's closed forms against enumeration, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.release_cost import draw
from htm_brian.parameters import load_model
from htm_brian.protocols.release_cost import ReleaseCostParameters
from htm_brian.protocols.release_cost.checks import checks
from htm_brian.protocols.release_cost.measurement import information, spike_price

COARSE = ReleaseCostParameters(step=0.05, samples=50_000)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("release_cost")(COARSE).run(SilentProgress())


def test_synapses_that_buy_back_reliability(outcome: Outcome) -> None:
    """At most 1 % misses at threshold 13."""
    needed = outcome.dataset.synapses_needed.sel(sites=1)
    found = [int(needed.sel(release_probability=p, method="nearest")) for p in (0.3, 0.5, 0.7, 1)]
    assert found == [71, 40, 26, 13]


def test_cost_of_a_perfect_segment_is_what_it_hears_over_what_it_tells(outcome: Outcome) -> None:
    perfect = outcome.dataset.sel(sites=1, release_probability=1.0, price="vesicles alone")
    prior = np.array([0.02, 0.98])
    entropy = -(prior * np.log2(prior)).sum()
    vesicles = 13 * (0.02 + 0.98 * 328 / 16384)
    assert float(perfect.cost) == pytest.approx(vesicles / entropy, rel=1e-6)


def test_information_is_that_of_the_table_of_outcomes() -> None:
    prior, hit, wrong = 0.1, 0.8, 0.05
    table = np.array([[prior * hit, prior * (1 - hit)], [0.9 * wrong, 0.9 * (1 - wrong)]])
    apart = table.sum(axis=1, keepdims=True) * table.sum(axis=0)
    wanted = (table * np.log2(table / apart)).sum()
    assert information(prior, np.array(hit), np.array(wrong)) == pytest.approx(wanted)


def test_price_of_a_spike() -> None:
    # 21 % for action potentials, 59 % for what vesicles entail, half of all spikes release one.
    assert spike_price(load_model("signalling_energy")) == pytest.approx(0.21 / 0.59 * 0.5)


def test_more_sites_release_more_rarely_where_it_is_cheapest(outcome: Outcome) -> None:
    cheapest = [check.value for check in outcome.checks[1:]]
    assert cheapest == sorted(cheapest, reverse=True) and cheapest[0] > cheapest[-1]


def test_sampling_agrees_and_would_tell_if_it_did_not(outcome: Outcome) -> None:
    assert outcome.checks[0].passed, outcome.checks[0]
    wrong = outcome.dataset.copy(deep=True)
    wrong["sampled_cost"] = wrong.sampled_cost * 1.05
    assert not checks(wrong)[0].passed


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 3


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    result = load_protocol("release_cost")(COARSE).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"active": 20}, r"active must lie in \[80, 16384\], got 20"),
        ({"prior": 0}, "prior must lie in"),
        ({"step": 0.03}, "step must divide 0.1, got 0.03"),
        ({"threshold": 30}, r"threshold must lie in \[1, 20\], got 30"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(COARSE, **changes)


def test_a_model_that_is_no_budget_is_refused() -> None:
    with pytest.raises(ValueError, match=r"models/l5_reduced\.toml"):
        load_protocol("release_cost")(replace(COARSE, budget="l5_reduced"))
