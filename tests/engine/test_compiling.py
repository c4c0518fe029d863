"""What is compiled, how often, and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms, prefs

from htm_brian.engine import compiling as brian_compiling
from htm_brian.engine.compiling import (
    code_generation,
    compile_apart,
    connect_pairs,
    push_from_python,
    uncompiled,
)
from htm_brian.network.temporal_memory import SpikingTemporalMemory


def generated_code(memory: SpikingTemporalMemory) -> list[str]:
    return [str(code.code) for item in memory.network.sorted_objects for code in item.code_objects]


def test_a_second_memory_finds_its_code_compiled() -> None:
    """Code is found again by its text, into which the names of objects go."""
    first, second = (SpikingTemporalMemory(8, 2, seed=seed) for seed in (1, 2))
    for memory in (first, second):
        memory.compute(np.array([1, 5]))
    assert generated_code(first) == generated_code(second)


def test_pairs_are_connected_without_a_compiler(tmp_path: Path) -> None:
    cells = NeuronGroup(4, "v : 1", threshold="v > 1", reset="")
    synapses = Synapses(cells, cells, on_pre="v_post += 1")
    before = prefs.codegen.target, prefs["codegen.runtime.cython.cache_dir"]
    prefs.codegen.target, prefs["codegen.runtime.cython.cache_dir"] = "cython", str(tmp_path)
    try:
        connect_pairs(synapses, [0, 3, 3], [1, 2, 0])
        assert prefs.codegen.target == "cython"
    finally:
        prefs.codegen.target, prefs["codegen.runtime.cython.cache_dir"] = before
    assert list(tmp_path.iterdir()) == []
    assert list(zip(synapses.i[:], synapses.j[:], strict=True)) == [(0, 1), (3, 2), (3, 0)]


def test_the_target_is_put_back_after_an_error() -> None:
    before = prefs.codegen.target
    with pytest.raises(RuntimeError), uncompiled():
        assert prefs.codegen.target == "numpy"
        raise RuntimeError
    assert prefs.codegen.target == before


def test_preferences_hold_for_a_while_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = {name: prefs[name] for name in brian_compiling.COMPILER_PREFERENCES}
    with code_generation("cython"):
        assert prefs.codegen.target == "cython"
        assert prefs["codegen.runtime.cython.cache_dir"].startswith(str(tmp_path))
    assert before == {name: prefs[name] for name in before}
    with code_generation("numpy"):
        assert prefs.codegen.target == "numpy"
        assert (
            prefs["codegen.runtime.cython.cache_dir"] == before["codegen.runtime.cython.cache_dir"]
        )
    assert before == {name: prefs[name] for name in before}


def test_a_network_compiled_apart_runs_as_it_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if it were to be compiled; with numpy there is nothing to share.
    monkeypatch.setattr(brian_compiling, "NumpyCodeObject", None)

    def potentials(apart: bool) -> np.ndarray:
        cells = NeuronGroup(
            3, "dv/dt = -v / (10*ms) : 1", threshold="v > 0.9", reset="", method="exact"
        )
        cells.v = [1.0, 0.0, 0.5]
        synapses = Synapses(cells, cells, on_pre="v_post += 0.25", delay=0.3 * ms)
        connect_pairs(synapses, [0, 0, 1], [1, 2, 2])
        network = Network(cells, synapses)
        if apart:
            compile_apart(network.sorted_objects)
        network.run(2 * ms, namespace={})
        return np.array(cells.v)

    np.testing.assert_array_equal(potentials(True), potentials(False))


def test_spikes_are_pushed_by_numpy_code() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 0", reset="")
    synapses = Synapses(cells, cells, on_pre="v_post -= 2", delay=0.2 * ms)
    connect_pairs(synapses, [0], [1])
    push_from_python(synapses.pre)
    code = synapses.pre._pushspikes_codeobj
    assert isinstance(code, brian_compiling.NumpyCodeObject)
    cells.v = [1, 0]
    network = Network(cells, synapses)
    network.run(0.3 * ms, namespace={})
    assert synapses.pre._pushspikes_codeobj is code
    assert list(cells.v) == [1, -2]
