"""Rules that learn at the synapse: known answers, and blindness to all that it cannot see."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from brian2 import Clock, ms, mV, prefs

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, TWO_CLOCKS
from htm_brian.errors import InputError
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.wiring import SegmentWiring
from htm_brian.parameters import load_model
from htm_brian.sdr.column_feedback import Axons
from htm_brian.sdr.readout import BranchState, Events
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.calcium_on_branches import CalciumOnBranches
from htm_brian.synapses.plasticity.local_rule import LocalRule
from htm_brian.synapses.plasticity.local_up_down import LocalUpDown
from htm_brian.synapses.plasticity.rule import Element, Growth

N_CELLS, OWNER, OTHER_OWNER = 12, 9, 8
HEARD, SILENT, TOO_LATE = 0, 1, 2
RULES = (
    LocalUpDown(),
    LocalUpDown(burst_increment=0.3, burst_decrement=0.1),
    CalciumOnBranches(),
    CalciumOnBranches("calcium_on_branches_fitted"),
    CalciumOnBranches("calcium_on_branches_plateau"),
)


def learned(
    rule: LocalRule,
    spikes: dict[int, list[int]],
    *,
    depolarisation: float = 5.0,
    inhibited_at: int | None = None,
    until: int = 150,
) -> dict[int, float]:
    """Return the permanences on the owner's branch, by presynaptic cell; they begin at 0.5.

    Parameters
    ----------
    spikes : dict of int to list of int
        Cells that spike at a time in ms.
    depolarisation : float
        Of the owner's branch, kept up.
    inhibited_at : int, optional
        When dendritic inhibition ends it, in ms.
    """
    prefs.codegen.target = "numpy"
    model = load_model("l5_reduced")
    cells = PyramidalCells(N_CELLS, model, clock=Clock(0.25 * ms))
    dendrites = DistalDendrites(
        cells,
        model,
        DistalParameters(1.0, 2 * ms, 20 * ms, connected_permanence=0.4, match_level=2.0),
        rule,
        activation_threshold=50,
        match_threshold=40,
        clock=Clock(1 * ms),
        branches=2,
        synapses=16,
    )
    network = SteppedNetwork(cells, *dendrites.objects)
    pathways = ("release", "withdraw", "owner_spikes", "plateau", "later_verdict")
    network.expected_warnings = [
        ORDER_OF_EXECUTION,
        *(TWO_CLOCKS.format(name=f"distal_synapses_{end}") for end in pathways),
    ]
    store = SegmentStore(N_CELLS)
    wiring = SegmentWiring(store, dendrites)
    own, other = store.create([OWNER, OTHER_OWNER])
    store.grow([own], range(3), 3, 0.5, "lowest_index")
    store.grow([other], range(3, 8), 5, 0.5, "lowest_index")
    wiring.follow()
    now, branches = 0, dendrites.branches
    for moment in sorted({*spikes, until, *([inhibited_at] if inhibited_at else [])}):
        while now < moment:
            branches.depolarisation[own] = depolarisation
            network.advance(1 * ms)
            now += 1
        if moment == inhibited_at:
            branches.ended[own], branches.ended_at[own] = depolarisation, now * ms
            depolarisation = 0.0
        cells.v = np.where(np.isin(np.arange(N_CELLS), spikes.get(moment, [])), -45, -70) * mV
    slots = np.arange(store.arrays.segments["start"][own], store.arrays.segments["start"][own] + 3)
    found = dendrites.distal.array("permanence")[slots]
    return dict(zip(store.synapses(own)[0].tolist(), found.tolist(), strict=True))


FORESEEN = {5: [HEARD], 48: [TOO_LATE], 52: [OWNER]}


def test_up_for_what_released_before_and_down_for_what_did_not_or_came_with_the_spike() -> None:
    found = learned(LocalUpDown(increment=0.15, decrement=0.06), FORESEEN, until=60)
    assert found == pytest.approx({HEARD: 0.65, SILENT: 0.44, TOO_LATE: 0.44})


def test_a_branch_that_was_not_depolarised_learns_nothing() -> None:
    found = learned(LocalUpDown(), FORESEEN, depolarisation=0.0)
    assert set(found.values()) == {0.5}


def test_what_inhibition_ended_before_the_spike_still_tells() -> None:
    found = learned(LocalUpDown(), FORESEEN, inhibited_at=50, until=60)
    assert found == pytest.approx({HEARD: 0.6, SILENT: 0.4, TOO_LATE: 0.4})


def test_a_release_in_vain_costs_and_only_where_an_element_came() -> None:
    rule = LocalUpDown(predicted_decrement=0.04)
    assert learned(rule, {5: [HEARD]}, inhibited_at=57)[HEARD] == pytest.approx(0.46)
    assert learned(rule, {5: [HEARD]})[HEARD] == 0.5
    with_spike = learned(rule, {5: [HEARD], 52: [OWNER]}, inhibited_at=57)
    assert with_spike[HEARD] == pytest.approx(0.6)


def test_calcium_of_a_spike_in_time_moves_the_permanence_as_far_as_the_counter() -> None:
    """Closed form of the transients; the model's numbers are calibrated to a tenth at 45 ms."""
    table = CalciumOnBranches().model["calcium_on_branches"]
    n = {key: float(value) for key, value in table.items()}
    found = learned(CalciumOnBranches(), {5: [HEARD], 52: [OWNER], 140: [OWNER]}, until=149)
    step = {True: 0.0, False: 0.0}
    for paired in step:
        bound = np.exp(-0.045 / n["glutamate_time_constant"]) * paired
        calcium = n["postsynaptic_calcium"] + n["coincidence_calcium"] * bound
        up, down = (
            n["calcium_time_constant"] * np.log(max(1.0, calcium / n[f"{name}_threshold"]))
            for name in ("potentiation", "depression")
        )
        change = up * n["potentiation_rate"] - down * n["depression_rate"]
        step[paired] = change / n["efficacy_time_constant"]
    assert step[True] == pytest.approx(0.1, abs=0.03)
    assert step[False] == pytest.approx(-0.1, abs=0.03)
    assert found[HEARD] == pytest.approx(0.5 + step[True], abs=0.005)
    assert found[SILENT] == pytest.approx(0.5 + step[False], abs=0.005)


@pytest.mark.parametrize("rule", RULES)
def test_what_other_cells_and_branches_do_changes_no_permanence(rule: LocalRule) -> None:
    elsewhere = {**FORESEEN, 20: [3, 4, 5], 55: [OTHER_OWNER, 6], 70: [7, 10, 11]}
    assert learned(rule, FORESEEN) == learned(rule, elsewhere)


@pytest.mark.parametrize("rule", RULES)
def test_the_text_names_nothing_but_the_synapse_its_branch_and_numbers(rule: LocalRule) -> None:
    texts = [rule.on_pre, rule.on_post, rule.on_plateau, rule.catch_up]
    names = set(
        re.findall(r"[a-z_]+", " ".join([*texts, *(text for text, _ in rule.later.values())]))
    )
    branch = {"ended_post", "ended_at_post", "depolarisation_post"}
    branch |= {"plateau_onset_post", "plateau_end_post"}
    assert {name for name in names if name.endswith(("_post", "_pre", "_i", "_j"))} <= branch


def an_element() -> tuple[SegmentStore, Element]:
    store = SegmentStore(N_CELLS, seed=3)
    (segment,) = store.create([OWNER])
    store.grow([segment], range(3), 3, 0.5, "lowest_index")
    before = BranchState(
        *(0.05, store.owner.copy(), np.array([0.01]), np.array([0.06]), np.array([5.0]))
    )
    axons = Axons.silent(N_CELLS)
    cells = np.array([1, 2, 3, 5])
    events = Events(0, 0.05, cells, np.array([0.010, 0.011, 0.012, 0.02]))
    axons = axons.after(axons.seen(events, 4), before)
    spikes = np.array([OWNER, 4, 5, 6, 7]), np.array([0.055, 0.060, 0.059, 0.061, 0.062])
    seen = axons.seen(Events(0.05, 0.1, *spikes), 4)
    nobody = np.zeros(N_CELLS, dtype=bool), np.empty(0, dtype=np.int64)
    return store, Element(spikes[0], np.array([5]), before, *nobody, iteration=2, seen=seen)


def test_growth_looks_at_no_list_of_cells() -> None:
    growth = Growth(4, 6, 0.21, 0.0, 2.0)
    tables = []
    for changed in (False, True):
        store, element = an_element()
        if changed:
            everyone = np.arange(N_CELLS)
            element = dataclasses.replace(
                element,
                active_cells=everyone,
                newcomers=everyone,
                previous_active=np.ones(N_CELLS, dtype=bool),
                previous_winners=everyone,
            )
        new = LocalUpDown().between_elements(store, growth, element)
        tables.append(store.to_table())
    assert tables[0] == tables[1]
    # Cell 5 was first in a column that burst, and offers came from the first of another one.
    assert store.owner[new].tolist() == [5]
    assert store.synapses(new[0])[0].tolist() == [1]


def network(rule: object, codegen: str = "numpy") -> SpikingTemporalMemory:
    prefs.codegen.target = codegen
    memory = SpikingTemporalMemory(
        *(48, 4, 4, 3), max_new_synapses=6, seed=3, release="reliable", noise="none", rule=rule
    )
    rng = np.random.default_rng(0)
    sequence = [np.sort(rng.choice(48, 6, replace=False)) for _ in range(4)]
    for _ in range(6):
        for columns in sequence:
            memory.compute(columns)
        memory.reset()
    return memory


def test_without_noise_the_local_counter_is_the_abstract_one() -> None:
    local, abstract = network(LocalUpDown()), network(BetweenElements(UpDown()))
    assert local.export_segments().n_synapses > 50
    for name in ("active_cells", "winner_cells", "predictive_cells"):
        assert (getattr(local, name) == getattr(abstract, name)).all(), name
    mine, theirs = local.export_segments(), abstract.export_segments()
    assert (mine.owner == theirs.owner).all()
    assert (mine.presynaptic == theirs.presynaptic).all()
    np.testing.assert_allclose(mine.permanence, theirs.permanence, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: LocalUpDown(increment=2), r"increment must lie in \[0.0, 1.0\], got 2"),
        (lambda: LocalUpDown(window=(75 * ms, 20 * ms)), "window must rise"),
        (lambda: LocalUpDown(burst_interval=0 * ms), "burst_interval must be above 0 s"),
        (lambda: CalciumOnBranches("calcium_based_dp"), r"no table \[calcium_on_branches\]"),
    ],
)
def test_wrong_values_are_refused(make, fault: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=fault):
        make()
