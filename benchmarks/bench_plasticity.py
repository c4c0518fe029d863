"""Speed of the rules of plasticity, per event, beside static and clock-driven synapses.

    python benchmarks/bench_plasticity.py [--quick] [--synapses 1000000] [--target numpy]

Processor nanoseconds of the synapses' own code for each presynaptic spike at a synapse and for
each postsynaptic one: Cython with the fast settings, all cells to all cells, 2 %
of the cells spike in each step of 0.1 ms, or have a plateau if that is what the rule goes by. What
a rule does some time after a spike is part of that spike. Beside them: a static synapse, one with
short-term plasticity (Tsodyks & Markram, event-driven equations of Brian2), and the same rules as
Brian2's clock-driven equations, which cost each synapse something in each step. All in one run; of
each figure the least of some repetitions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import isqrt

import numpy as np
from brian2 import NeuronGroup, Synapses, defaultclock, ms
from record import Record

from htm_brian.engine.compiling import code_generation
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

PERIOD = 50
"""Steps from spike to spike of a cell."""
WARM, STEPS, REPETITIONS = 200, 100, 3
"""Steps before, of each repetition, and repetitions."""

Make = Callable[[NeuronGroup, NeuronGroup], Synapses]


def cells(n: int, spiking: bool, rule: OnlineRule | None) -> NeuronGroup:
    """Return cells of which each spikes once in a period, in turn, or never."""
    own = "v : volt\n" + ("" if rule is None else rule.target_equations)
    needed = [] if rule is None else [*rule.target_events, *["plateau"] * bool(rule.on_plateau)]
    events = dict.fromkeys(needed, _turn(spiking))
    return NeuronGroup(n, own, threshold=_turn(spiking), reset="", events=events, method="euler")


def _turn(spiking: bool) -> str:
    return f"i % {PERIOD} == int(t/dt + 0.5) % {PERIOD}" if spiking else "v > 1*volt"


def nanoseconds(make: Make, n: int, side: str, rule: OnlineRule | None = None) -> float:
    """Return the time of the synapses for each event on one side, `pre`, `post` or `step`."""
    before, after = cells(n, side == "pre", None), cells(n, side == "post", rule)
    synapses = make(before, after)
    synapses.connect()
    network = SteppedNetwork(before, after, synapses)
    network.expected_warnings = [ORDER_OF_EXECUTION]
    sums = network.measure()
    network.advance(WARM * defaultclock.dt)
    least = np.inf
    for _ in range(REPETITIONS):
        sums.clear()
        network.advance(STEPS * defaultclock.dt)
        own = [time for name, time in sums.items() if name.startswith(synapses.name)]
        least = min(least, sum(own))
    events = len(synapses) * STEPS / (1 if side == "step" else PERIOD)
    return 1e9 * least / events


def static(pre: NeuronGroup, post: NeuronGroup) -> Synapses:
    """Return synapses that add their weight."""
    return Synapses(pre, post, "w : volt", on_pre="v_post += w", delay=0 * ms, name="bench_static")


def short_term(pre: NeuronGroup, post: NeuronGroup) -> Synapses:
    """Return synapses with depression and facilitation (Tsodyks & Markram 1997)."""
    return Synapses(
        pre,
        post,
        """w : volt
        du/dt = -u/(50*ms) : 1 (event-driven)
        dx/dt = (1 - x)/(800*ms) : 1 (event-driven)""",
        on_pre="""u += 0.5*(1 - u)
        release = u*x
        x -= release
        v_post += w*release""",
        delay=0 * ms,
        name="bench_short_term",
    )


def clock_driven(rule: OnlineRule, equations: str) -> Make:
    """Return what makes synapses with a rule's equations at every step, without their events."""
    return lambda pre, post: Synapses(
        pre,
        post,
        equations,
        method="euler",
        namespace=dict(rule.constants()),
        name="bench_clock_driven",
    )


CALCIUM = """
drho/dt = (-rho*(1 - rho)*(0.5 - rho)
    + potentiation_rate*(1 - rho)*int(calcium > potentiation_threshold)
    - depression_rate*rho*int(calcium > depression_threshold))
    /efficacy_time_constant : 1 (clock-driven)
dcalcium/dt = -calcium/calcium_time_constant : 1 (clock-driven)
"""
CAPTURE = """
dh/dt = (relaxation_rate*(1 - h)
    + potentiation_rate*(potentiated_level - h)*int(calcium > potentiation_threshold)
    + depression_rate*(depressed_level - h)*int(calcium > depression_threshold))
    /early_time_constant : 1 (clock-driven)
dz/dt = protein*((latest_high - z)*int(h - 1 > tag_threshold)
    - (z - latest_low)*int(1 - h > tag_threshold))/late_time_constant : 1 (clock-driven)
dcalcium/dt = -calcium/calcium_time_constant : 1 (clock-driven)
protein : 1
"""
PLATEAUS = """
defficacy/dt = potentiation_rate*(maximum_efficacy - efficacy)*eligibility*instruction
    : 1 (clock-driven)
deligibility/dt = -eligibility/eligibility_time_constant : 1 (clock-driven)
dinstruction/dt = -instruction/instruction_time_constant : 1 (clock-driven)
"""


def at_every_step() -> dict[str, Make]:
    """Return the rules as Brian2's clock-driven equations, without noise, by name."""
    found = {}
    for name in ("pair_stdp", "triplet_stdp_cortex", "burst_dependent"):
        rule = online_rule(name)
        found[name] = clock_driven(rule, rule.equations.replace("event-driven", "clock-driven"))
    written = {
        "calcium_based_dp": CALCIUM,
        "tagging_capture": CAPTURE,
        "behavioural_time_scale_slice": PLATEAUS,
    }
    return found | {name: clock_driven(online_rule(name), text) for name, text in written.items()}


def plastic(rule: OnlineRule, on_pre: str = "") -> Make:
    """Return what makes synapses of a rule."""
    return lambda pre, post: PlasticSynapses(pre, post, rule, on_pre=on_pre, name="bench_plastic")


def rows() -> dict[str, tuple[Make, OnlineRule | None]]:
    """Return what is timed, by name."""
    calcium = online_rule("calcium_based_dp")
    quiet = calcium.with_values(noise=0)
    effect = "v_post += strength*1e-6*volt"  # too little to fire a cell
    named = {
        "pair_stdp": (online_rule("pair_stdp"), ""),
        "triplet_stdp": (online_rule("triplet_stdp_cortex"), ""),
        "calcium_based, no noise": (quiet, ""),
        "calcium_based, no noise, transmits": (quiet, effect),
        "calcium_based": (calcium, ""),
        "voltage_based": (online_rule("voltage_based_cortex"), ""),
        "tagging_capture, no noise": (online_rule("tagging_capture").with_values(noise=0), ""),
        "tagging_capture": (online_rule("tagging_capture"), ""),
        "structural_permanence": (online_rule("structural_permanence"), ""),
        "behavioural_time_scale": (online_rule("behavioural_time_scale_slice"), ""),
        "burst_dependent": (online_rule("burst_dependent"), ""),
    }
    found: dict[str, tuple[Make, OnlineRule | None]] = {
        "static": (static, None),
        "short-term plasticity": (short_term, None),
    }
    return found | {name: (plastic(*each), each[0]) for name, each in named.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="100,000 synapses")
    parser.add_argument("--synapses", type=int, default=1_000_000)
    parser.add_argument("--target", default="auto", choices=("auto", "cython", "numpy"))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names in the table")
    given = parser.parse_args()
    n = isqrt(100_000 if given.quick else given.synapses)
    record = Record("plasticity", f"{n * n:,} synapses, {given.target}")
    table = record.table("for each spike", {"presynaptic": "ns", "postsynaptic": "ns"})
    with code_generation(given.target):
        pre: dict[str, float] = {}
        chosen = {name: row for name, row in rows().items() if name in (given.only or rows())}
        for name, (make, rule) in chosen.items():
            pre[name] = nanoseconds(make, n, "pre", rule)
            post = None if rule is None else nanoseconds(make, n, "post", rule)
            table.row(name, pre[name], post)
        every = {name: nanoseconds(make, n, "step") for name, make in at_every_step().items()}
    pair = ("calcium_based, no noise", "short-term plasticity")
    if pre.keys() >= set(pair):
        ratios = record.table("times short-term plasticity", {"presynaptic": "x"})
        ratios.row(f"{pair[0]} (target: 1.5)", pre[pair[0]] / pre[pair[1]])
    steps = record.table("clock-driven, for each step of 0.1 ms", {"a synapse": "ns"})
    for name, step in every.items():
        steps.row(name, step)
    record.write()


if __name__ == "__main__":
    main()
