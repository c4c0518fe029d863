"""Exclusive-or and digits, learned by each rule from the same first weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import UpDown
from htm_brian.credit.rates import RateNetwork, angle, change_of
from htm_brian.credit.rules import (
    Backpropagation,
    BurstTeaching,
    Frozen,
    SegregatedDendrites,
    TargetPropagation,
    Teaching,
)
from htm_brian.credit.winners import WinnersNetwork
from htm_brian.parameters import Model
from htm_brian.protocols.burst_credit.stimulus import (
    LARGEST_RATE,
    XOR_INPUTS,
    XOR_TARGETS,
    Task,
    digits,
)
from htm_brian.randomness import stream

if TYPE_CHECKING:
    from htm_brian.protocols.burst_credit import BurstCreditParameters

Floats = NDArray[np.float64]
BATCH = 10
NONE, RANDOM, SYMMETRIC = "bursts, no hidden layer", "bursts", "bursts, symmetric feedback"
DENDRITES, TARGETS = "segregated dendrites", "difference target propagation"
GRADIENT, FROZEN = "back-propagation", "hidden layer frozen"
HTM, HTM_FROZEN = "HTM's winners", "HTM's winners, frozen"
BOOSTED, BOOSTED_FROZEN = "HTM's winners, boosted", "HTM's winners, boosted, frozen"
WINNERS = {
    HTM: (False, False),
    HTM_FROZEN: (False, True),
    BOOSTED: (True, False),
    BOOSTED_FROZEN: (True, True),
}
"""By name, whether winners are boosted, and whether their permanences are frozen."""

Make = Callable[[RateNetwork, Model, np.random.Generator], Teaching]
RULES: dict[str, tuple[str, Make]] = {
    NONE: ("bursts", lambda net, m, rng: BurstTeaching(net, m["bursts"], rng)),
    RANDOM: ("bursts", lambda net, m, rng: BurstTeaching(net, m["bursts"], rng)),
    SYMMETRIC: (
        "bursts",
        lambda net, m, rng: BurstTeaching(net, m["bursts"], rng, symmetric=True),
    ),
    DENDRITES: ("dendrites", lambda net, m, rng: SegregatedDendrites(net, m["dendrites"], rng)),
    TARGETS: ("targets", lambda net, m, rng: TargetPropagation(net, m["targets"], rng)),
    GRADIENT: ("gradient", lambda net, m, rng: Backpropagation()),
    FROZEN: ("gradient", lambda net, m, rng: Frozen()),
}
"""By name, the table of its numbers and how it is made."""
LOOKS = ("loss", "local_loss", "angle", "descent")


def exclusive_or(p: BurstCreditParameters, model: Model) -> xr.Dataset:
    """Teach exclusive-or by bursts, with a hidden layer and without; return rates in Hz."""
    found = np.zeros((2, p.seeds, len(XOR_INPUTS)))
    for place, sizes in enumerate(((2, p.xor_hidden, 1), (2, 1))):
        for seed in range(p.seeds):
            rng = stream(p.seed, "xor", place, seed)
            network = RateNetwork.random(sizes, rng, output="logistic")
            rule = BurstTeaching(network, model["bursts"], rng)
            for _ in range(p.xor_epochs):
                changes = rule.changes(network, XOR_INPUTS, XOR_TARGETS)
                # Four times that of digits: four examples, where there are ten in a batch.
                network.add(changes, 4 * float(model["bursts"]["learning_rate"]))
            found[place, seed] = LARGEST_RATE * network.forward(XOR_INPUTS)[-1][:, 0]
    return xr.Dataset(
        {"xor_rate": (("layers", "seed", "input"), found, {"units": "Hz"})},
        coords={
            "layers": ["hidden", "none"],
            "input": [f"({int(a)}, {int(b)})" for a, b in XOR_INPUTS],
        },
    )


def digits_of_seed(p: BurstCreditParameters, model: Model, seed: int) -> xr.Dataset:
    """Teach the digits by every rule."""
    task = digits(seed)
    accuracy, looks = [], []
    for name in RULES:
        found = _taught(p, model, task, name, seed)
        accuracy.append(found[0])
        looks.append(found[1])
    for boosted, frozen in WINNERS.values():
        found = _winners(p, model, task, seed, boosted, frozen)
        accuracy.append(found[0])
        looks.append(found[1])
    courses = np.array(looks)
    dims = ("rule", "epoch")
    variables = {name: (dims, courses[:, :, place]) for place, name in enumerate(LOOKS)}
    return xr.Dataset(
        {"accuracy": ("rule", 100 * np.array(accuracy), {"units": "%"}), **variables},
        coords={"rule": [*RULES, *WINNERS], "epoch": np.arange(p.epochs + 1)},
    )


def _taught(
    p: BurstCreditParameters, model: Model, task: Task, name: str, seed: int
) -> tuple[float, Floats]:
    """Return the accuracy on the half kept apart, and what was seen at the end of each epoch."""
    table, make = RULES[name]
    rate = float(model[table]["learning_rate"])
    # Every rule begins at the same weights and sees the examples in the same order.
    sizes = (64, 10) if name == NONE else (64, p.hidden, 10)
    network = RateNetwork.random(sizes, stream(p.seed, "weights", seed))
    rule = make(network, model, stream(p.seed, "feedback", seed))
    order = stream(p.seed, "order", seed)
    looks = [_look(rule, network, task)]
    for _ in range(p.epochs):
        examples = order.permutation(len(task.inputs))
        for first in range(0, len(examples), BATCH):
            now = examples[first : first + BATCH]
            network.add(rule.changes(network, task.inputs[now], task.targets[now]), rate)
        looks.append(_look(rule, network, task))
    answers = network.forward(task.test_inputs)[-1].argmax(axis=1)
    return float((answers == task.test_labels).mean()), np.array(looks)


def _look(rule: Teaching, network: RateNetwork, task: Task) -> tuple[float, ...]:
    """Return loss, local loss, angle to back-propagation, and whether one follows the other."""
    loss = network.loss(task.inputs, task.targets)
    if len(network.weights) == 1:
        return loss, np.nan, np.nan, np.nan
    rates = network.forward(task.inputs)
    change = change_of(rule.errors(network, rates, task.targets)[0], rates[0]).weights
    gradient = network.gradient(task.inputs, task.targets)[0].weights
    if not change.any():
        return loss, np.nan, np.nan, np.nan
    turned = angle(change, gradient)
    step = RateNetwork([each.copy() for each in network.weights], network.biases, network.output)
    step.weights[0] += 1e-3 * change / np.linalg.norm(change)
    lower = float(step.loss(task.inputs, task.targets) < loss)
    return loss, rule.local_loss(network, task.inputs, task.targets), turned, lower


def _winners(
    p: BurstCreditParameters, model: Model, task: Task, seed: int, boosted: bool, frozen: bool
) -> tuple[float, Floats]:
    """Return the same of a hidden layer of winners; its local loss is the fit, negative."""
    table = model["winners"]
    network = WinnersNetwork(
        64,
        p.hidden,
        10,
        stream(p.seed, "weights", seed),
        rule=UpDown(float(table["increment"]), float(table["decrement"])),
        winners=max(1, round(float(table["winners_share"]) * p.hidden)),
        boost_strength=float(table["boost_strength"]) if boosted else 0.0,
        duty_cycle_period=int(table["duty_cycle_period"]),
    )
    order = stream(p.seed, "order", seed)
    looks = [_look_at_winners(network, task, frozen)]
    for _ in range(p.epochs):
        examples = order.permutation(len(task.inputs))
        for first in range(0, len(examples), BATCH):
            now = examples[first : first + BATCH]
            network.learn(
                task.inputs[now], task.targets[now], float(table["learning_rate"]), not frozen
            )
        looks.append(_look_at_winners(network, task, frozen))
    answers = network.rates(task.test_inputs).argmax(axis=1)
    return float((answers == task.test_labels).mean()), np.array(looks)


def _look_at_winners(network: WinnersNetwork, task: Task, frozen: bool) -> tuple[float, ...]:
    loss = network.loss(task.inputs, task.targets)
    fit = network.fit(task.inputs)
    if frozen:
        return loss, -fit, np.nan, np.nan
    change = network.local_change(task.inputs)
    turned = angle(change, network.task_descent(task.inputs, task.targets))
    # Winners are a step function of permanences: a small step changes nothing, a whole one may.
    return loss, -fit, turned, np.nan
