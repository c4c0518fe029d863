"""A run with several seeds holds each check against the interval over them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.over_seeds import combined, over, run_over_seeds, with_seeds
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Protocol, list_protocols, load_protocol
from htm_brian.experiment.seeds import mean_interval

pytestmark = pytest.mark.usefixtures("extra_protocols")


def poisson(**changes: object) -> Protocol:
    kind = load_protocol("poisson_counts")
    return kind(type(kind.parameters)(**changes))


def check(value: float, low: float | None = None, high: float | None = None) -> Check:
    return Check("share", value, "%", low, high, "a paper")


def test_each_seed_gives_what_it_gives_alone_and_the_check_is_their_mean() -> None:
    alone = [poisson(seed=seed).outcome(SilentProgress()).checks[1].value for seed in (1, 2, 3)]
    together = run_over_seeds(with_seeds(poisson(), 3), SilentProgress())
    found = together.checks[1]
    low, high = mean_interval(alone)
    assert found.mean == pytest.approx(np.mean(alone))
    assert sorted((found.value, found.better_end)) == pytest.approx([low, high])
    assert together.dataset.check_over_seeds.sel(check="mean count").values.tolist() == alone
    assert together.conclusion == "seeds 1 to 3: every check holds (2 of 2)"
    assert together.passed and math.isnan(together.metrics["nested"]["none"])


@pytest.mark.parametrize(
    ("band", "interval", "verdict"),
    [
        ((0.5, None), (0.6, 0.8), "pass"),
        ((0.5, None), (0.4, 1.0), "undecided"),
        ((0.9, None), (0.6, 0.8), "FAIL"),
        ((None, 0.9), (0.6, 0.8), "pass"),
        ((None, 0.75), (0.6, 0.8), "undecided"),
        ((0.65, 0.75), (0.6, 0.8), "undecided"),
        ((0.5, 0.9), (0.6, 0.8), "pass"),
        ((0.1, 0.2), (0.6, 0.8), "FAIL"),
    ],
)
def test_a_band_is_held_against_the_interval(
    band: tuple[float | None, float | None], interval: tuple[float, float], verdict: str
) -> None:
    found = check(0.7, *band).against(*interval)
    assert found.verdict == verdict
    assert found.mean == 0.7
    assert Check.from_dict(found.as_dict()) == found


def test_what_every_seed_finds_exactly_has_no_interval_to_show() -> None:
    same = over([check(0.1, 0.1, 0.1)] * 10)
    assert same.passed and same.found == "0.1 %"
    apart = over([check(value, 0.0) for value in (1.0, 2.0, 3.0)])
    assert apart.found == "2 % (-0.4841 to 4.484)"


def test_a_seed_without_a_value_leaves_none() -> None:
    found = over([check(1.0, 0.0), check(math.nan, 0.0)])
    assert math.isnan(found.value) and found.verdict == "FAIL"
    assert found.found == "no value: there was nothing to measure, with 1 of 2 seeds"


def test_the_band_that_all_seeds_share_counts() -> None:
    found = over([check(1.0, 0.5, 2.0), check(1.0, 0.7, 1.5)])
    assert (found.low, found.high) == (0.7, 1.5)


def test_a_check_that_a_seed_lacks_is_undecided() -> None:
    first = poisson().outcome(SilentProgress())
    second = replace(first, checks=first.checks[:1])
    found = combined([first, second], [1, 2])
    assert [each.name for each in found.checks] == ["Fano factor"]
    assert found.undecided == {"mean count": "not measured at every seed"}


def test_a_stopped_run_keeps_the_seeds_that_are_complete() -> None:
    class Stopping(SilentProgress):
        begun = 0

        def begin(self, description: str, total: int) -> None:
            assert description == f"seed {self.begun + 1}, {self.begun + 1} of 5: counting"
            self.begun += 1

        def advance(self, steps: int = 1) -> None:
            self.interrupted = self.begun == 3

    found = run_over_seeds(with_seeds(poisson(), 5), Stopping())
    assert found.partial and not found.passed
    assert found.dataset.run_seed.values.tolist() == [1, 2]


def test_what_draws_nothing_has_no_seeds() -> None:
    kind = load_protocol("relay_modes")
    assert with_seeds(kind(), 1)[0].name == "relay_modes"
    with pytest.raises(InputError, match="relay_modes has no parameter seed, it draws nothing"):
        with_seeds(kind(), 2)


def test_protocols_that_are_run_over_seeds_have_one() -> None:
    drawn = [load_protocol(name) for name in list_protocols()]
    for kind in drawn:
        assert kind.seeds_by_default in (1, 10)
        assert kind.seeds_by_default == 1 or hasattr(kind.parameters, "seed"), kind.name
    assert sum(kind.seeds_by_default > 1 for kind in drawn) >= 10
