"""The default code path: what Brian2 compiles gives what its NumPy code gives, on every Python."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from brian2.codegen.targets import codegen_targets
from brian2.devices.device import auto_target, get_device
from numpy.typing import NDArray

from htm_brian import SDR, SpikingTemporalMemory, load_model
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.cli import main
from htm_brian.engine.compiling import code_generation
from htm_brian.engine.fast_settings import find_gcc
from htm_brian.engine.lean_calls import LeanCythonCodeObject
from htm_brian.engine.rewired_pathway import RewiredCythonCode
from tests.generators.in_process_pool import InProcessPool

pytestmark = [
    pytest.mark.compiled,
    pytest.mark.usefixtures("quick_fast_settings"),
    pytest.mark.skipif(find_gcc()[0] == "", reason="needs GCC"),
]

Course = list[tuple[list[int], list[int], float]]


@pytest.fixture(autouse=True)
def targets_as_before() -> Iterator[None]:
    before = set(codegen_targets)
    yield
    codegen_targets.clear()
    codegen_targets.update(before)


SEQUENCES = ("ABC", "XBY") * 3
LETTERS = {letter: SDR.random(32, 6, seed=ord(letter)).sparse for letter in "ABCXY"}


def anomalies_of_level_0() -> list[float]:
    memory = TemporalMemory(
        32,
        4,
        activation_threshold=5,
        min_threshold=4,
        max_new_synapses=6,
        initial_permanence=0.51,
        seed=1,
        predict_first=True,
    )
    found = []
    for sequence in SEQUENCES:
        memory.reset()
        for letter in sequence:
            memory.compute(LETTERS[letter])
            found.append(memory.anomaly)
    return found


def learned(target: str) -> tuple[Course, SpikingTemporalMemory]:
    """Learn two sequences with a common middle, without chance: each target draws its own way."""
    with code_generation(target):
        memory = SpikingTemporalMemory(
            32,
            4,
            activation_threshold=5,
            min_threshold=4,
            max_new_synapses=6,
            initial_permanence=0.51,
            release="reliable",
            model=load_model("minicolumns").with_values({"relay.variation": 0.0}),
            seed=1,
        )
        course = []
        for sequence in SEQUENCES:
            memory.reset()
            for letter in sequence:
                memory.compute(LETTERS[letter])
                course.append(
                    (
                        memory.active_cells.tolist(),
                        memory.predictive_cells.tolist(),
                        memory.anomaly,
                    )
                )
    return course, memory


def state_of(memory: SpikingTemporalMemory) -> dict[str, NDArray[np.float64]]:
    """Return the last state of the cells, and when each branch in use had its last plateau."""
    names = ("v", "v_proximal", "v_basal", "v_apical", "adaptation", "g_inhibition")
    layer = memory.layer
    state = {name: np.array(layer.cells.variables[name].get_value()) for name in names}
    onsets = layer.dendrites.branches.variables["plateau_onset"].get_value()
    state["plateau_onset"] = np.array(onsets[: layer.dendrites.n_branches])
    return state


def test_a_compiled_network_learns_the_same_cells_as_numpy() -> None:
    compiled, memory = learned("auto")
    codes = [
        item.code_objects[-1].__repr__.__self__
        for item in memory.network.sorted_objects
        if item.code_objects
    ]
    kinds = {type(code) for code in codes}
    assert {LeanCythonCodeObject, RewiredCythonCode} <= kinds, "the default is compiled"
    assert all(code.lean is not None for code in codes if isinstance(code, LeanCythonCodeObject))
    assert memory.n_segments > 6
    anomalies = [anomaly for _, _, anomaly in compiled]
    assert anomalies == anomalies_of_level_0()
    assert anomalies[0] == 1.0
    assert anomalies[-2:] == [0.0, 0.0], f"nothing was learned: {anomalies}"
    times, state = memory.spike_times, state_of(memory)
    assert len(times) > 6 and state["plateau_onset"].max() > 0, "plateaus, and bursts of two spikes"
    del memory, codes
    gc.collect()
    expected, memory = learned("numpy")
    assert compiled == expected
    np.testing.assert_allclose(np.sort(times), np.sort(memory.spike_times), rtol=0, atol=1e-6)
    for name, value in state_of(memory).items():
        np.testing.assert_allclose(state[name], value, rtol=1e-6, atol=1e-15, err_msg=name)


def test_auto_is_the_lean_target() -> None:
    with code_generation("auto"):
        assert issubclass(auto_target(), LeanCythonCodeObject)
        assert get_device().code_object_class() is auto_target()


def test_validate_runs_to_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So short a series teaches neither memory much: a failed check is no fault here."""
    monkeypatch.setattr("htm_brian.comparison.two_levels.WorkerPool", InProcessPool)
    arguments = ["--steps", "30", "--columns", "64", "--cells", "4", "-o", str(tmp_path)]
    assert main(["validate", *arguments]) in (0, 1)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["checks"] and not summary["partial"]
    assert (tmp_path / "report.html").stat().st_size > 0
