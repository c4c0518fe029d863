"""Whatever a rule's numbers are in their ranges, no train drives its efficacy out of bounds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.parameters import Parameter
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains
from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture
from htm_brian.synapses.plasticity.trains import Trains
from htm_brian.synapses.plasticity.voltage_based import VoltageBased
from htm_brian.units import parse_unit

VOLLEY = 0.002 * np.arange(60)
SPIKES = np.concatenate([VOLLEY, 1 + VOLLEY, 4000 + VOLLEY])
"""500 spikes in a second, three times; a silence of more than an hour before the last."""
OTHERS = SPIKES[::2] + np.resize([0.0, 0.0007], len(SPIKES[::2]))
"""Half of them at the same times, half soon after."""
PLATEAUS = np.array([0.0, 0.05, 1.0, 3999.9, 4000.0])
END = 4200.0
ABOVE = 100.0
"""Seconds for which calcium can be above a threshold: the volleys, and its decay after them."""

Numbers = NDArray[np.float64]


def at_limits(rule: OnlineRule) -> list[OnlineRule]:
    """Return the rule with each number at either limit, then with all at limits by chance.

    Numbers that do not fit together are refused by the rule, and are not among them.
    """
    parameters = rule.table.parameters
    rng = np.random.default_rng(1)
    choices = [{p.key: limit(p, high)} for p in parameters for high in (False, True)]
    choices += [
        {p.key: limit(p, high) for p, high in zip(parameters, rng.random(60) < 0.5, strict=False)}
        for _ in range(60)
    ]
    found = [rule]
    for values in choices:
        try:
            found.append(rule.with_values(**values))
        except InputError as error:
            assert "must be" in str(error)
    return found


def limit(parameter: Parameter, high: bool) -> Any:
    unit = 1 if parameter.unit == "1" else parse_unit(parameter.unit)
    return (parameter.high if high else parameter.low) * unit


def alike(rules: list[OnlineRule]) -> list[list[OnlineRule]]:
    """Return the rules in groups of the same text and delays, which run together."""
    groups = defaultdict(list)
    for rule in rules:
        later = [(name, each.text, float(each.after)) for name, each in rule.later.items()]
        capture = rule.capture if isinstance(rule, TaggingCapture) else ""
        groups[rule.equations, rule.on_pre, rule.on_post, str(later), capture].append(rule)
    return list(groups.values())


def learned(rules: list[OnlineRule]) -> Numbers:
    """Return the efficacies of one synapse of each rule after the volleys, and in between."""
    n = len(rules)
    constants = {
        key: np.array([float(rule.table[key]) for rule in rules]) for key in rules[0].table
    }
    looks = [0.06, 0.2, 1.06, 2000.0, 4000.05, END]
    if isinstance(rules[0], TaggingCapture):
        slow = ConsolidatedTrains(rules[0], np.arange(n), constants=constants, seed=3)
        begin(slow.synapses, rules)
        slow.between_looks = 20.0
        return slow.run([SPIKES] * n, [OTHERS] * n, look_at=looks)
    events = {}
    if isinstance(rules[0], VoltageBased):
        events["depolarised"] = [OTHERS] * n
        for name in ("v_post", "delayed_u_plus_post", "delayed_u_minus_post"):
            constants[name] = np.full(n, 0.05)
        constants["dt"] = np.full(n, 1e-3)
    if rules[0].on_plateau:
        events["plateau"] = [PLATEAUS] * n
    trains = Trains(rules[0], n, constants=constants, seed=3)
    begin(trains.state, rules)
    return trains.run([SPIKES] * n, [OTHERS] * n, look_at=looks, **events)


def begin(state: dict[str, NDArray[Any]], rules: list[OnlineRule]) -> None:
    for place, rule in enumerate(rules):
        for name, value in rule.initial_state().items():
            state[name][place] = 0.0 if isinstance(value, str) else float(value)


def bounds(rule: OnlineRule) -> tuple[float, float]:
    """Return between which efficacies a synapse must stay; noise adds eight standard deviations."""
    n = {key: float(value) for key, value in rule.table.items()}
    if "maximum_efficacy" in n:
        return 0.0, max(n["initial_efficacy"], n["maximum_efficacy"])
    tau = n.get("early_time_constant", n.get("efficacy_time_constant"))
    assert tau is not None
    noise = 8 * n["noise"] * np.sqrt(2 * ABOVE / tau) if rule.noisy else 0.0
    if isinstance(rule, TaggingCapture):
        return (
            min(1.0, n["depressed_level"]) + n["latest_low"] - noise,
            max(1.0, n["potentiated_level"]) + n["latest_high"] + noise,
        )
    return -noise, 1.0 + noise


@pytest.mark.parametrize("name", list_rule_models())
def test_every_number_at_either_limit_under_extreme_trains(name: str) -> None:
    rules = at_limits(online_rule(name))
    assert len(rules) > len(rules[0].table.parameters)
    moved = 0.0
    for some in alike(rules):
        low, high = np.array([bounds(rule) for rule in some]).T
        found = learned(some)
        assert np.isfinite(found).all()
        assert (found >= low - 1e-9).all() and (found <= high + 1e-9).all()
        moved = max(moved, float(np.ptp(found, axis=0).max()))
    assert moved > 0.01, "the trains changed something"
