"""Early and late phase: closed forms against fine integration, Brian2, and published behaviour."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, StateMonitor, ms, prefs, second

from htm_brian.errors import InputError
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains, Consolidation
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture
from htm_brian.synapses.plasticity.trains import Trains
from htm_brian.synapses.release.stochastic import ReleaseSynapses

PUBLISHED = TaggingCapture("tagging_capture").with_values(noise=0.0)
SPACED = TaggingCapture("tagging_capture_spaced").with_values(noise=0.0)
HOUR = 3600.0
STRONG = np.concatenate([0.01 * np.arange(100) + 600 * k for k in range(3)])
WEAK = 0.01 * np.arange(20)

QUICK = {
    "early_time_constant": 2 * second,
    "potentiation_rate": 8.0,
    "depression_rate": 2.0,
    "protein_time_constant": 7 * second,
    "late_time_constant": 4 * second,
    "noise": 0.0,
    "synthesis_threshold": 0.5,
    "tag_threshold": 0.1,
}
"""A synapse that lives through its two phases within a minute."""


def early_integrated(rule: TaggingCapture, train: np.ndarray, until: float) -> float:
    """Integrate calcium and early phase of a synapse that spikes reach, in steps of 20 us."""
    p, dt = {key: float(value) for key, value in rule.table.items()}, 2e-5
    steps = np.zeros(round(until / dt) + 1)
    np.add.at(steps, np.round((train + p["presynaptic_delay"]) / dt).astype(int), 1)
    c, h = 0.0, 1.0
    fade = np.exp(-dt / p["calcium_time_constant"])
    for step in steps[:-1]:
        c += step * p["presynaptic_calcium"]
        up, down = c * fade**0.5 > p["potentiation_threshold"], c > p["depression_threshold"]
        slope = p["relaxation_rate"] * (1 - h)
        slope += up * p["potentiation_rate"] * (p["potentiated_level"] - h)
        slope += down * p["depression_rate"] * (p["depressed_level"] - h)
        h, c = h + slope * dt / p["early_time_constant"], c * fade
    return h


@pytest.mark.parametrize(
    "train", [0.01 * np.arange(40), np.arange(0, 0.4, 0.03)], ids=["up", "down"]
)
def test_the_early_phase_is_the_solution_of_its_equation(train: np.ndarray) -> None:
    rule = PUBLISHED.with_values(**QUICK)
    trains = Trains(rule, 1)
    ((early,),) = trains.run([train + 0.0005], [[]], look_at=[0.6], look="early")
    assert abs(early - 1) > 0.05
    assert early == pytest.approx(early_integrated(rule, train + 0.0005, 0.6), abs=2e-4)


def late_integrated(
    rule: TaggingCapture, early: np.ndarray, tagged_at: np.ndarray, until: float
) -> tuple[np.ndarray, float]:
    """Integrate late phases and proteins of a cell without spikes, in steps of a millisecond."""
    p, dt = {key: float(value) for key, value in rule.table.items()}, 1e-3
    h, z, tag, protein = early.copy(), np.zeros(len(early)), early - 1, 0.0
    for step in range(round(until / dt)):
        h = 1 + (h - 1) * np.exp(-p["relaxation_rate"] * dt / p["early_time_constant"])
        made = p["protein_synthesis"] * (np.abs(h - 1).sum() > p["synthesis_threshold"])
        middle = made + (protein - made) * np.exp(-0.5 * dt / p["protein_time_constant"])
        protein = made + (protein - made) * np.exp(-dt / p["protein_time_constant"])
        share = 1 - np.exp(-middle * dt / p["late_time_constant"])
        share = share * (np.abs(h - 1) > p["tag_threshold"])
        if rule.uses_tags_up:
            share = share * ((step + 0.5) * dt > tagged_at + p["tag_maturation"])
            z, tag = z + tag * share, tag * (1 - share)
        else:
            z = z + share * (np.where(h > 1, p["latest_high"], p["latest_low"]) - z)
    return z, protein


@pytest.mark.parametrize("mature", [None, 3.0], ids=["published", "used up"])
def test_the_late_phase_is_the_solution_of_its_equation(mature: float | None) -> None:
    """One tag ends within the time, one synapse was depressed, one is not tagged."""
    own = {} if mature is None else {"tag_is_used_up": 1, "tag_maturation": mature * second}
    rule = PUBLISHED.with_values(**QUICK, **own)
    early, since = np.array([1.5, 1.14, 0.8, 1.05]), np.array([0.0, -2.0, 0.5, 0.0])
    trains = ConsolidatedTrains(rule, [0, 0, 0, 0])
    trains.synapses["early"][:] = early
    if rule.uses_tags_up:
        trains.synapses["tag"][:], trains.synapses["tagged_at"][:] = early - 1, since
    (late,) = trains.run([[]] * 4, [[]] * 4, look_at=[16.0], look="late")
    exact, protein = late_integrated(rule, early, since, 16.0)
    assert late[0] > 0.1 and late[1] > 0.01 and late[2] < -0.01 and late[3] == 0
    assert late == pytest.approx(exact, abs=3e-4)
    assert trains.proteins["protein"][0] == pytest.approx(protein, abs=3e-4)


@pytest.mark.parametrize("rule", [PUBLISHED, SPACED], ids=["published", "spaced"])
def test_hours_without_spikes_take_one_look_as_well_as_a_thousand(rule: TaggingCapture) -> None:
    found = []
    for looks in (2, 1000):
        trains = ConsolidatedTrains(rule, [0, 0, 0, 1])
        pre = [STRONG, STRONG, WEAK + 1000, WEAK]
        times = 1300 + 8 * HOUR * np.arange(1, looks + 1) / looks
        trains.run(pre, [[]] * 4, look_at=times)
        found.append([*trains.synapses.values(), *trains.proteins.values()])
    names = [*trains.synapses, *trains.proteins]
    for name, once, often in zip(names, *found, strict=True):
        if name not in ("synthesised", "protein_before", "protein_then", "looked_before"):
            assert once == pytest.approx(often, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cython", marks=[pytest.mark.compiled, pytest.mark.slow])]
)
@pytest.mark.parametrize("rule", [PUBLISHED, SPACED], ids=["published", "spaced"])
def test_brian2_and_the_trains_agree(rule: TaggingCapture, target: str) -> None:
    prefs.codegen.target = target
    rule = rule.with_values(
        **QUICK | {"tag_threshold": 0.02, "synthesis_threshold": 0.05},
        tag_maturation=0.4 * second * rule.uses_tags_up,
    )
    rng = np.random.default_rng(4)
    pre = [np.sort(rng.permutation(900)[:60]) * 0.002 + 0.0012 for _ in range(3)]
    post = [np.sort(rng.permutation(900)[:20]) * 0.002 + 0.0008 for _ in range(2)]
    who = np.repeat(np.arange(3), 60)
    axons = SpikeGeneratorGroup(3, who, np.concatenate(pre) * second, dt=0.4 * ms)
    cells = SpikeGeneratorGroup(
        2, np.repeat([0, 1], 20), np.concatenate(post) * second, dt=0.4 * ms
    )
    synapses = PlasticSynapses(axons, cells, rule, name=f"tagged_{rule.uses_tags_up}_{target}")
    synapses.connect(i=[0, 1, 2, 0], j=[0, 0, 1, 1])
    proteins = Consolidation(synapses, rule, dt=0.5 * second)
    protein = StateMonitor(proteins.cells, "protein", record=True)
    Network(axons, cells, synapses, protein).run(3.001 * second)
    trains = ConsolidatedTrains(rule, [0, 0, 1, 1])
    trains.between_looks = 0.5
    train = [pre[0], pre[1], pre[2], pre[0]]
    late = trains.run(
        train, [post[0], post[0], post[1], post[1]], look_at=[1, 2, 2.5, 3], look="late"
    )
    assert np.abs(late[-1]).max() > 1e-3
    assert synapses.late[:] == pytest.approx(late[-1], abs=1e-9)
    assert synapses.early[:] == pytest.approx(trains.synapses["early"], abs=1e-9)
    assert proteins.cells.protein[:] == pytest.approx(trains.proteins["protein"], abs=1e-9)


def test_the_noise_of_the_early_phase_has_the_variance_of_its_equation() -> None:
    """Held above both thresholds, h is an Ornstein-Uhlenbeck process: sigma^2 / sum of rates."""
    rule = TaggingCapture("tagging_capture")
    n = 4000
    trains = Trains(rule, n, seed=3)
    pre = [0.01 * np.arange(300)] * n
    (early,) = trains.run(pre, [[]] * n, look_at=[3.0], look="early")
    p = rule.table
    rates = p["relaxation_rate"] + p["potentiation_rate"] + p["depression_rate"]
    goal = p["relaxation_rate"] + p["potentiation_rate"] * p["potentiated_level"]
    spread = p["noise"] / np.sqrt(rates)
    assert early.mean() == pytest.approx(goal / rates, abs=4 * spread / np.sqrt(n))
    assert early.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * n))


def test_a_strong_tetanus_lasts_and_a_weak_one_does_not() -> None:
    """Luboeinski & Tetzlaff's own test: h > 1.8 after strong stimuli, z > 0.9 at eight hours."""
    trains = ConsolidatedTrains(PUBLISHED, [0, 0, 0, 1])
    pre = [STRONG] * 3 + [WEAK]
    early, _ = trains.run(pre, [[]] * 4, look_at=[1201.1, 8 * HOUR], look="early")
    assert early[0] > 1.8 and trains.synapses["late"][0] > 0.9
    assert trains.synapses["late"][3] == 0 and trains.proteins["protein"][1] == 0
    weak = ConsolidatedTrains(PUBLISHED, [0]).run([WEAK], [[]], look_at=[0.5, 3 * HOUR])
    assert weak[0] > 1.3 and weak[1] < 1.1


def test_a_weak_tetanus_is_captured_and_not_without_proteins() -> None:
    for rule, lasts in ((SPACED, True), (SPACED.with_values(protein_synthesis=0.0), False)):
        for before in (-HOUR, HOUR):
            trains = ConsolidatedTrains(rule, [0] * 4)
            pre = [STRONG + 2 * HOUR] * 3 + [WEAK + 2 * HOUR + before]
            (end,) = trains.run(pre, [[]] * 4, look_at=[11 * HOUR])
            assert (end[3] > 1.4) == lasts, (before, end)


def test_a_spike_that_fails_brings_no_calcium() -> None:
    """Half of the spikes of a fast train released are the spikes of a slow one."""
    fast = 0.005 * np.arange(60)
    half = np.arange(60) % 2
    trains = ConsolidatedTrains(PUBLISHED, [0, 1])
    released = [half, np.ones(30)]
    (found,) = trains.run([fast, fast[1::2]], [[], []], look_at=[1.0], released=released)
    assert found[0] == found[1] != 1.0
    axon = SpikeGeneratorGroup(1, [0, 0], [1, 2] * ms)
    cell = SpikeGeneratorGroup(1, [], [] * ms)
    synapses = ReleaseSynapses(
        axon, cell, "layer5_pair", on_release="", rule=PUBLISHED, name="fails"
    )
    synapses.connect(n=40)
    Consolidation(synapses, PUBLISHED, dt=10 * ms)
    Network(axon, cell, synapses).run(30 * ms)
    came = synapses.calcium[:] > 0
    assert came.tolist() == (synapses.empty[:] > 0).tolist()
    assert 0 < np.count_nonzero(came) < 40


def test_wrong_numbers_and_arguments_are_named() -> None:
    model = load_model("tagging_capture")
    with pytest.raises(InputError, match="depression_threshold must be at most"):
        TaggingCapture(model.with_values({"tagging_capture.depression_threshold": 4}))
    with pytest.raises(InputError, match="tag_is_used_up must be 0 or 1, got 0.5"):
        PUBLISHED.with_values(tag_is_used_up=0.5)
    axons = SpikeGeneratorGroup(1, [], [] * ms)
    synapses = PlasticSynapses(axons, axons, "pair_stdp", name="other")
    with pytest.raises(InputError, match="other must have the rule's equations; early is missing"):
        Consolidation(synapses, PUBLISHED)
    with pytest.raises(InputError, match="rule must be a TaggingCapture, got 'pair_stdp'"):
        Consolidation(synapses, "pair_stdp")  # type: ignore[arg-type]
