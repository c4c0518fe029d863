"""The protocol on few events: capacities, freezing, its checks, and stopping half-way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.permanence_rules import draw
from htm_brian.protocols.permanence_rules import PermanenceRules, PermanenceRulesParameters
from htm_brian.protocols.permanence_rules.checks import checks, patterns_kept

SMALL = PermanenceRulesParameters(
    patterns=12,
    events=1300,
    learning_periods=(10.0, 50.0),
    synapses=50,
    timed_events=5,
    timed_steps=20,
    repeats=2,
)
FIGURES = {"capacity", "stationary", "saturation", "storage", "cost"}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return PermanenceRules(SMALL).run(SilentProgress())


def found(outcome: Outcome) -> dict[str, float]:
    values = {check.name: check.value for check in outcome.checks}
    print(values)
    return values


def test_a_counter_keeps_increment_over_decrement_plus_one_patterns(outcome: Outcome) -> None:
    """The thread: 'Correction The maximum number of patterns is N = incr / decr + 1'."""
    values = found(outcome)
    assert [values[f"patterns kept, counter 1/{ratio}"] for ratio in (1, 2, 5, 10)] == [2, 3, 6, 11]


def test_a_moving_average_keeps_one_over_its_rate_on_average_but_less_at_the_worst_moment(
    outcome: Outcome,
) -> None:
    names = ["average 0.5", "average 0.2", "average 0.1"]
    values = found(outcome)
    assert [values[f"patterns kept on average, {name}"] for name in names] == [2, 5, 10]
    never_below = patterns_kept(outcome.dataset, "lowest_permanence").sel(rule=names)
    assert never_below.to_numpy().tolist() == [1, 4, 7]
    shown_in_turn = outcome.dataset.recognised.sel(rule="average 0.1", order="in turn")
    assert shown_in_turn.to_numpy().tolist() == [1.0] * 7 + [0.0] * 5


def test_a_moving_average_settles_where_its_formula_says(outcome: Outcome) -> None:
    dataset = outcome.dataset
    assert dataset.settled_mean.to_numpy() == pytest.approx(
        np.broadcast_to(dataset.rate, dataset.settled_mean.shape), abs=0.02
    )
    assert (dataset.settled_spread / dataset.predicted_spread).to_numpy() == pytest.approx(
        1.0, abs=0.15
    )


def test_counters_saturate_and_averages_do_not(outcome: Outcome) -> None:
    inside = outcome.dataset.interior.mean("input_rate")
    assert inside.sel(any_rule="counter 1/10") < 0.15
    assert inside.sel(any_rule="moving average") > 0.8


def test_two_bits_freeze_unless_rounded_at_random(outcome: Outcome) -> None:
    values = found(outcome)
    assert values["to nearest: share frozen, 2 bits"] == 1.0
    assert values["to nearest: share frozen, 4 bits, long period"] == 1.0
    assert values["to nearest: share frozen, 8 bits"] == 0.0
    assert values["stochastic rounding: mean less rate"] < 0.05


def test_every_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == FIGURES


def test_checks_fail_for_rules_that_do_worse(outcome: Outcome) -> None:
    worse = outcome.dataset.copy(deep=True)
    worse["mean_permanence"] = worse.mean_permanence * 0.9
    worse["settled_mean"] = worse.settled_mean + 0.05
    worse["interior"] = 1 - worse.interior
    worse["cpu_time"][:, 1] = 2 * worse.cpu_time[:, 0]
    failed = {check.name for check in checks(worse) if not check.passed}
    assert failed >= {
        "patterns kept on average, average 0.1",
        "mean less rate of the input, standard errors",
        "share between 0.05 and 0.95, counter 1/10",
        "CPU time of average over counter, learning",
        "CPU time of average over counter, whole memory",
    }


class StoppedAtOnce(SilentProgress):
    """Ctrl-C during the first part."""

    interrupted = True


def test_what_was_stopped_is_partial_and_can_be_drawn() -> None:
    short = replace(SMALL, events=600, learning_periods=(10.0, 30.0))
    outcome = load_protocol("permanence_rules")(short).run(StoppedAtOnce())
    assert outcome.partial and not outcome.passed
    assert set(draw(outcome.dataset)) == {"capacity"}


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match=r"learning_periods must hold 10 and one of 30 or more"):
        PermanenceRulesParameters(learning_periods=(10.0, 20.0))
    with pytest.raises(ValueError, match="patterns must"):
        PermanenceRulesParameters(patterns=11)


@pytest.mark.slow
def test_every_claim_holds_at_full_length() -> None:
    outcome = load_protocol("permanence_rules")().run(SilentProgress())
    assert [check for check in outcome.checks if not check.passed] == []
