"""State outside Brian2 follows store and restore, as often as one likes and through a file."""

from pathlib import Path

import numpy as np
import pytest
from brian2 import NeuronGroup, ms

from htm_brian.engine.kept_state import KeptState
from htm_brian.engine.stepping import SteppedNetwork


@pytest.mark.parametrize("in_file", [False, True])
def test_state_comes_back_as_it_was_stored(in_file: bool, tmp_path: Path) -> None:
    state = {"array": np.arange(3), "list": [1, {"deep": 2}]}
    cells = NeuronGroup(1, "x : 1", name="cells")
    network = SteppedNetwork(cells, KeptState(lambda: state, state.update, name="kept"))
    place = {"filename": str(tmp_path / "state")} if in_file else {}
    network.advance(1 * ms)
    network.store(**place)
    for _ in range(2):
        state["array"][0] = 9
        state["list"][1]["deep"] = 7
        network.restore(**place)
        assert state["array"].tolist() == [0, 1, 2]
        assert state["list"] == [1, {"deep": 2}]
        network.advance(1 * ms)
