"""The protocol at a small size: the sign of the change, XOR, digits, and checks that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.burst_credit import draw
from htm_brian.protocols.burst_credit import BurstCreditParameters
from htm_brian.protocols.burst_credit.checks import checks, spiking_checks, spiking_metrics
from htm_brian.protocols.burst_credit.spikes import ARMS, LEARNED, spikes_of_seed
from htm_brian.protocols.burst_credit.stimulus import (
    TEST,
    WARM_UP,
    event_times,
    with_bursts,
)

SMALL = BurstCreditParameters(
    cells_each=60, xor_epochs=1000, spiking_seeds=0, hidden=20, epochs=3, jobs=1, seeds=2
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("burst_credit")(SMALL).run(SilentProgress())


def test_the_change_turns_its_sign_at_the_running_mean(outcome: Outcome) -> None:
    crossing = outcome.dataset.crossing
    print(crossing.to_dataframe())
    assert (abs(crossing.sel(average="running").mean("seed")) < 3).all()
    fixed = crossing.sel(average="fixed").mean("seed")
    np.testing.assert_allclose(fixed.sel(baseline=0.4), -20, atol=7)


def test_exclusive_or_takes_a_hidden_layer(outcome: Outcome) -> None:
    values = {check.name: check for check in outcome.checks}
    assert values["xor: seeds that solve it"].passed
    assert values["xor: control, seeds that solve it without a hidden layer"].passed


def test_rules_learn_digits_and_frozen_layers_less(outcome: Outcome) -> None:
    accuracy = outcome.dataset.accuracy.mean("seed")
    assert accuracy.sel(rule="bursts") > accuracy.sel(rule="hidden layer frozen") + 2
    assert accuracy.sel(rule="back-propagation") > 80
    loss = outcome.dataset.loss.mean("seed")
    assert (loss.isel(epoch=-1) < loss.isel(epoch=0)).all()


def spiking(before: list[float], after: dict[str, list[float]]) -> xr.Dataset:
    """Return rates in spikes, the same for five seeds, by arm; other arms stay as before."""
    arms = [arm.name for arm in ARMS]
    rows = np.tile([after.get(arm, before) for arm in arms], (5, 1, 1))
    dims = ("spiking_seed", "arm", "input")
    told = (dims, np.zeros_like(rows))
    blocks = (*dims[:2], "block", "input")
    return xr.Dataset(
        {
            "spiking_before": (dims, np.tile(before, (5, len(arms), 1))),
            "spiking_after": (dims, rows),
            "spiking_course": (blocks, np.repeat(rows[:, :, None], 3, axis=2)),
            "output_told": told,
            "hidden_told": told,
        },
        coords={"arm": arms, "input": ["(0, 0)", "(1, 0)", "(0, 1)", "(1, 1)"], "block": range(3)},
    )


def test_exclusive_or_in_spikes_is_told_from_what_is_not() -> None:
    plain = [3.0, 9, 9, 12]
    right = spiking(plain, {LEARNED: [3.0, 9, 9, 5]})
    assert all(check.passed for check in spiking_checks(right))
    found = spiking_metrics(right)
    assert found[f"spikes, {LEARNED}: seeds that solve it"] == 1
    assert found["spikes, no feedback: (1, 1), Hz"] == 12
    all_solve = spiking(plain, {arm.name: [3.0, 9, 9, 5] for arm in ARMS})
    assert [check.passed for check in spiking_checks(all_solve)] == [True, True, False, False]
    assert not spiking_checks(spiking(plain, {}))[0].passed


@pytest.mark.slow
def test_bursts_teach_spiking_ensembles_exclusive_or() -> None:
    """Payeur et al. 2021: outputs above 6 Hz for (1, 0) and (0, 1) only, in 4 of 5 seeds."""
    found = xr.concat(
        [spikes_of_seed(BurstCreditParameters(), seed) for seed in range(5)], "spiking_seed"
    )
    print(found.spiking_after.to_dataframe())
    for check in spiking_checks(found):
        assert check.passed, check


def test_checks_fail_where_nothing_is_taught(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["crossing"] = wrong.crossing * 0 + 8
    wrong["change"] = -wrong.change
    wrong["xor_rate"] = wrong.xor_rate * 0 + 7
    wrong["accuracy"] = wrong.accuracy * 0 + 50
    wrong["angle"] = wrong.angle * 0 + 95
    failed = {check.name for check in checks(wrong) if not check.passed}
    passed = {check.name for check in checks(wrong)} - failed
    # Equal accuracies lie within two points.
    assert passed == {
        "xor: control, seeds that solve it without a hidden layer",
        "digits: random feedback below symmetric, upper end",
    }


def test_events_have_the_rate_and_bursts_the_share_that_they_are_given() -> None:
    rng = np.random.default_rng(1)
    n = 400
    cells, times = event_times(n, WARM_UP + TEST, rng)
    assert len(times) / n / (WARM_UP + TEST) == pytest.approx(5, rel=0.03)
    order = np.lexsort((times, cells))
    gaps = np.diff(times[order])[np.diff(cells[order]) == 0]
    assert gaps.min() >= 0.04
    half = np.full(n, 0.5)
    _, fired = with_bursts(cells, times, 0 * half, half, rng)
    second = fired[len(times) :]
    assert second.min() > WARM_UP
    assert len(second) / (times >= WARM_UP).sum() == pytest.approx(0.5, abs=0.03)


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    whole = outcome.dataset.merge(spiking([3.0, 9, 9, 12], {LEARNED: [3.0, 9, 9, 5]}))
    for dataset in (outcome.dataset, whole):
        assert set(draw(dataset)) == {"burst_credit"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": "pair_stdp"}, "rule must be burst-dependent"),
        ({"model": "passive"}, "passive is a cell of level"),
        ({"seeds": 1}, "seeds must be at least 2"),
        ({"spiking_rule": "pair_stdp"}, "spiking_rule must be burst-dependent"),
        ({"spiking_model": "passive"}, "passive is a cell of level 2 where a burst_network"),
        ({"spiking_epochs": 3}, "spiking_epochs must be at least 20"),
        ({"codegen": "fortran"}, "codegen must be one of"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol("burst_credit")(dataclasses.replace(SMALL, **changes))
