"""A rule is one object: whatever text it has runs at the synapses that it should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from htm_brian.abstract.permanence import UpDown
from htm_brian.errors import InputError
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.rule import check_plasticity_rule


@dataclass(frozen=True)
class Counts(BetweenElements):
    """Counts what each synapse can see, and starts from a state of its own."""

    equations = """
    heard : 1
    seen : 1
    plateaus : 1
    """
    on_pre = "heard += step*arrival"
    on_post = "seen += step"
    on_plateau = "plateaus += step"

    def constants(self) -> dict[str, float]:
        return {"step": 1.0}

    def initial_state(self) -> dict[str, float]:
        return {"heard": 100.0}


def test_each_synapse_sees_its_own_releases_its_cells_spikes_and_its_branch() -> None:
    rng = np.random.default_rng(0)
    elements = [np.sort(rng.choice(24, 5, replace=False)) for _ in range(3)]
    tm = SpikingTemporalMemory(
        *(24, 3, 4, 3),
        max_new_synapses=5,
        seed=1,
        release="reliable",
        rule=Counts(UpDown(0.2, 0.05)),
    )
    heard: dict[tuple[int, int], list[int]] = {}
    for k in range(15):
        living = {(int(s), int(p)) for s, p in zip(*tm.store.flat()[:2], strict=True)}
        serial = tm.store.arrays.segments["serial"]
        owner = tm.store.owner.copy()
        tm.compute(elements[k % 3])
        spikes = np.bincount(tm.spike_cells, minlength=tm.n_cells)
        onsets = tm.layer.branches().plateau_onset
        for segment, cell in living:
            name = int(serial[segment]), cell
            count = heard.setdefault(name, [100, 0, 0])
            count[0] += int(spikes[cell])
            count[1] += int(spikes[owner[segment]])
            count[2] += int(onsets[segment] >= tm.events.start)
    store, synapses = tm.store, tm.layer.dendrites.distal
    found = 0
    for segment in store.segments:
        record = store.arrays.segments[segment]
        for slot in range(record["start"], record["start"] + record["count"]):
            name = int(record["serial"]), int(store.arrays.presynaptic[slot])
            values = [synapses.array(variable)[slot] for variable in ("heard", "seen", "plateaus")]
            assert values == heard.get(name, [100, 0, 0]), name
            found += name in heard and heard[name][1] > 0 and heard[name][2] > 0
    assert found > 20


def test_what_is_no_rule_is_refused_by_name_of_what_it_lacks() -> None:
    with pytest.raises(InputError, match="UpDown lacks equations, on_pre"):
        check_plasticity_rule(UpDown())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rule or permanence_rule, got both"):
        SpikingTemporalMemory(8, 2, rule=BetweenElements(UpDown()), permanence_rule=UpDown())
