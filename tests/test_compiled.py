"""The default code path: what Brian2 compiles gives what its NumPy code gives, on every Python."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from brian2.codegen.targets import codegen_targets
from brian2.devices.device import auto_target, get_device

from htm_brian import SDR, SpikingTemporalMemory, load_model
from htm_brian.engine.compiling import code_generation
from htm_brian.engine.fast_settings import find_gcc
from htm_brian.engine.lean_calls import LeanCythonCodeObject
from htm_brian.engine.rewired_pathway import RewiredCythonCode

pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(find_gcc()[0] == "", reason="needs GCC"),
]

Course = list[tuple[list[int], list[int], float]]


@pytest.fixture(autouse=True)
def targets_as_before() -> Iterator[None]:
    before = set(codegen_targets)
    yield
    codegen_targets.clear()
    codegen_targets.update(before)


def learned(target: str) -> tuple[Course, SpikingTemporalMemory]:
    """Learn two sequences with a common middle, without chance: each target draws its own way."""
    letters = {letter: SDR.random(32, 6, seed=ord(letter)).sparse for letter in "ABCXY"}
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
        for sequence in ("ABC", "XBY") * 2:
            memory.reset()
            for letter in sequence:
                memory.compute(letters[letter])
                course.append(
                    (
                        memory.active_cells.tolist(),
                        memory.predictive_cells.tolist(),
                        memory.anomaly,
                    )
                )
    return course, memory


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
    assert anomalies[0] == 1.0
    assert anomalies[-2:] == [0.0, 0.0], f"nothing was learned: {anomalies}"
    del memory, codes
    gc.collect()
    assert learned("numpy")[0] == compiled


def test_auto_is_the_lean_target() -> None:
    with code_generation("auto"):
        assert issubclass(auto_target(), LeanCythonCodeObject)
        assert get_device().code_object_class() is auto_target()


def test_validate_runs_to_its_report(tmp_path: Path) -> None:
    """So short a series teaches neither memory much: a failed check is no fault here."""
    command = [sys.executable, "-m", "htm_brian.cli", "validate", "--steps", "30"]
    done = subprocess.run(
        [*command, "--columns", "64", "--cells", "4", "-o", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["checks"] and not summary["partial"]
    assert (tmp_path / "out" / "report.html").stat().st_size > 0
