"""Lean calls: what they change in Brian2's code, when they keep off, and that results stay."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    nA,
    prefs,
    seed,
)
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.targets import codegen_targets
from brian2.devices.device import get_device
from brian2.memory.dynamicarray import DynamicArray1D

from htm_brian.cells.group import Cells
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine import lean_calls
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.engine.lean_calls import (
    PREFERENCE,
    TABLE,
    LeanCythonCodeObject,
    lean_code,
    use_lean_calls,
)
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import list_models, load_model

EXACT = ["-w", "-O1", "-std=c++11", "-ffp-contract=off"]
"""Flags under which the compiler keeps the order of sums, and with it the last bit."""


@pytest.fixture(autouse=True)
def brian2_targets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.delenv("CXX", raising=False)
    before = set(codegen_targets)
    yield
    codegen_targets.clear()
    codegen_targets.update(before)


def cython(lean: bool, cache: Path) -> None:
    prefs.codegen.target = "cython"
    prefs["codegen.cpp.extra_compile_args_gcc"] = EXACT
    prefs["codegen.runtime.cython.cache_dir"] = str(cache)
    assert use_lean_calls() == ""
    prefs[PREFERENCE] = lean


def test_this_brian2_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another, calls stay as slow as Brian2 makes them, until its code has been read."""
    devices = importlib.import_module("brian2.devices.device")
    monkeypatch.setattr(devices, "_auto_target", CythonCodeObject)
    done = use_fast_settings()
    assert done.lean_calls, f"Brian2 {brian2.__version__} runs without lean calls"
    for target in ("cython", "auto"):
        prefs.codegen.target = target
        assert get_device().code_object_class() is LeanCythonCodeObject


def test_an_untried_brian2_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    codegen_targets.discard(LeanCythonCodeObject)
    codegen_targets.add(CythonCodeObject)
    monkeypatch.setattr(brian2, "__version__", "2.99.1")
    assert use_lean_calls() == "Brian2 2.99.1 was not tried, only 2.9 to 2.11"
    assert "calls of Cython code are left to Brian2: Brian2 2.99.1" in caplog.text
    assert not prefs[PREFERENCE]
    assert LeanCythonCodeObject not in codegen_targets
    assert not use_fast_settings().lean_calls


CODE = """
def main(_namespace):
    cdef size_t _idx
    _var_v = _namespace["_var_v"]
    cdef _numpy.ndarray[double, ndim=1, mode='c'] _buf_v = _namespace['v']
    cdef double * v = <double *> _buf_v.data
    cdef size_t _numv = len(_namespace['v'])
    cdef _numpy.ndarray[char, ndim=1, mode='c', cast=True] _buf_open = _namespace['open']
    cdef bool * open = <bool *> _buf_open.data
    cdef int32_t N = _namespace["N"]
    cdef double dt = _namespace["dt"]
    _queue = _namespace["_queue"]
    if '_owner' in _namespace:
        _owner = _namespace['_owner']
    for _idx in range(N):
        v[_idx] += dt * open[_idx]
    _queue.advance()
"""


def values(**changes: object) -> dict[str, Any]:
    start = {"v": np.zeros(3), "open": np.ones(3, dtype=bool), "N": 3, "dt": 0.1}
    return {**start, "_queue": None, "_var_v": None, "_owner": None, **changes}


def test_one_table_takes_the_place_of_the_names() -> None:
    namespace = values()
    lean = lean_code(CODE, namespace, ())
    assert "_numpy.ndarray[" not in lean.source
    assert lean.source.count("_namespace[") == 2, "the table, and the queue, a Python object"
    assert f"cdef double * v = <double *> {TABLE}[0]" in lean.source
    assert f"cdef double dt = (<double *> &{TABLE}[4])[0]" in lean.source
    addresses = [namespace[name].ctypes.data for name in ("v", "open")]
    assert lean.table.tolist()[:4] == [*addresses, 3, 3]
    assert lean.table[4:].view(float).tolist() == [0.1]
    assert [id(array) for array in lean.arrays] == [id(namespace[n]) for n in ("v", "open")]


@pytest.mark.parametrize(
    "array",
    [np.zeros(3, dtype=np.float32), np.zeros(6)[::2], np.zeros((3, 1)), np.zeros(3, dtype=">f8")],
    ids=["type", "stride", "dimensions", "byte order"],
)
def test_an_array_that_cython_would_refuse_is_still_refused_by_it(array: np.ndarray) -> None:
    lean = lean_code(CODE, values(v=array), ())
    assert "_buf_v = _namespace['v']" in lean.source and "<double *> _buf_v.data" in lean.source
    assert "len(_namespace['v'])" in lean.source and len(lean.arrays) == 1


def test_memory_that_a_reference_does_not_keep_is_looked_up_at_each_call() -> None:
    foreign = np.frombuffer(bytearray(24))
    assert "_buf_v = _namespace['v']" in lean_code(CODE, values(v=foreign), ()).source
    dynamic = DynamicArray1D(3, dtype=float)
    lean = lean_code(CODE, values(v=dynamic.data), ())
    # NumPy's own until Brian2 2.9, a C++ array's since.
    assert ("_buf_v = _namespace['v']" in lean.source) is not dynamic.data.flags.owndata
    part_of_an_array = np.zeros(9)[3:6]
    assert "_buf_v" not in lean_code(CODE, values(v=part_of_an_array), ()).source


def test_what_changes_between_calls_is_looked_up_at_each() -> None:
    lean = lean_code(CODE, values(), ("v", "dt"))
    assert "_buf_v = _namespace['v']" in lean.source
    assert 'dt = _namespace["dt"]' in lean.source


def test_a_constant_that_does_not_fit_raises_in_cython_as_before() -> None:
    assert 'N = _namespace["N"]' in lean_code(CODE, values(N=2**31), ()).source
    assert 'N = _namespace["N"]' in lean_code(CODE, values(N=2.5), ()).source


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Code that is not compiled but tells how it was written, when it is called."""

    def install(refuses_lean: bool) -> list[str]:
        ran: list[str] = []

        def compile_block(self: CythonCodeObject, block: str) -> SimpleNamespace | None:
            kind = "lean" if TABLE in getattr(self.code, block) else "plain"
            if block != "run":
                return None
            if refuses_lean and kind == "lean":
                raise RuntimeError("unknown type")
            return SimpleNamespace(main=lambda namespace: ran.append(kind))

        monkeypatch.setattr(CythonCodeObject, "compile_block", compile_block)
        prefs.codegen.target = "cython"
        assert use_lean_calls() == ""
        return ran

    return install


def one_step() -> NeuronGroup:
    cells = NeuronGroup(2, "dv/dt = -v / (10*ms) : 1", method="exact")
    Network(cells).run(0.1 * ms)
    return cells


def test_code_that_does_not_compile_runs_as_brian2_wrote_it(
    uncompiled: Callable[[bool], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    ran = uncompiled(True)
    one_step()
    assert ran == ["plain"]
    assert "runs as Brian2 wrote it: unknown type" in caplog.text


def test_the_preference_switches(uncompiled: Callable[[bool], list[str]]) -> None:
    ran = uncompiled(False)
    one_step()
    prefs[PREFERENCE] = False
    one_step()
    assert ran == ["lean", "plain"]


def test_values_given_with_a_call_are_used(uncompiled: Callable[[bool], list[str]]) -> None:
    ran = uncompiled(False)
    code = one_step().state_updater.codeobj
    code(dt=0.2)
    assert ran == ["lean", "plain"] and code.namespace["dt"] == 0.2


def test_arrays_written_between_calls_and_restored_ones_are_seen(tmp_path: Path) -> None:
    def course() -> list[float]:
        cells = NeuronGroup(3, "v : 1", name="cells")
        growing = cells.run_regularly("v += 1 + i", dt=1 * ms, name="growing")
        network = Network(cells)
        network.run(1 * ms)
        network.store()
        found = []
        for start in (4.0, 1.0):
            cells.v = [start, 0, -7]
            network.run(2 * ms)
            found += cells.v[:].tolist()
            network.restore()
        if prefs.codegen.target == "cython":
            assert growing.codeobj.lean is not None and TABLE in growing.codeobj.code.run
        return [*found, *cells.v[:].tolist()]

    expected = course()
    cython(True, tmp_path)
    assert course() == expected


def digest(network: Network) -> dict[str, bytes]:
    """Return every array of a network, bit for bit."""
    return {
        f"{item.name}.{name}": np.ascontiguousarray(variable.get_value()).tobytes()
        for item in network.sorted_objects
        for name, variable in getattr(item, "variables", {}).items()
        if isinstance(variable, brian2.core.variables.ArrayVariable)
    }


def assert_same(run: Callable[[], dict[str, bytes]], cache: Path) -> dict[str, bytes]:
    found = {}
    for lean in (False, True):
        cython(lean, cache)
        found[lean] = run()
    assert [name for name in found[True] if found[False][name] != found[True][name]] == []
    return found[True]


@pytest.mark.slow
@pytest.mark.compiled
def test_networks_whose_memory_moves_count_as_numpy_does() -> None:
    """The C library overwrites what is freed, so an address of that would show in the counts."""
    script = Path(__file__).with_name("moving_memory.py")
    found = {}
    for target in ("numpy", "cython"):
        done = subprocess.run(
            [sys.executable, str(script), target],
            env={**os.environ, "MALLOC_PERTURB_": "165"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        counts, lean = done.stdout.splitlines()
        found[target] = json.loads(counts)
        assert json.loads(lean) is (target == "cython")
    assert found["cython"] == found["numpy"]
    whole_runs, stretches = found["numpy"]
    assert [whole_runs[0], whole_runs[-1]] == [stretches[0], stretches[-1]]


@pytest.mark.slow
def test_a_script_of_brian2_gives_the_same_bits(
    tmp_path: Path, brian2_warnings_are_errors: list[str]
) -> None:
    def script() -> dict[str, bytes]:
        seed(3)
        cells = NeuronGroup(
            20,
            "dv/dt = (drive - v) / (10*ms) + 0.3*xi*(10*ms)**-0.5 : 1 (unless refractory)\n"
            "drive : 1\nsummed : 1\nresting : boolean",
            threshold="v > 1",
            reset="v = 0; resting = True",
            refractory=2 * ms,
            method="euler",
            name="cells",
        )
        cells.drive = "1 + 0.05*i"
        cells.run_regularly("drive += 0.01*rand()", dt=5 * ms, name="drifting")
        noise = PoissonGroup(10, "100*Hz", name="noise")
        onto = Synapses(
            noise,
            cells[5:15],
            "w : 1\ndrecent/dt = -recent / (20*ms) : 1 (event-driven)\n"
            "summed_post = w : 1 (summed)",
            on_pre="v_post += w * int(rand() < 0.5)\nrecent += 1",
            on_post="w = clip(w + 0.01*recent, 0, 0.3)",
            name="onto",
        )
        onto.connect(i=np.repeat(range(10), 3), j=np.arange(30) % 10)
        onto.w = 0.1
        onto.pre.delay = "(1 + 0.1*i)*ms"
        monitors = (
            SpikeMonitor(cells, "v", name="spikes"),
            StateMonitor(cells, ["v", "drive"], record=[0, 7], name="course"),
            PopulationRateMonitor(cells[:10], name="rate"),
        )
        input_ = PoissonInput(cells, "v", 5, 20 * brian2.Hz, 0.05)
        network = Network(cells, noise, onto, input_, monitors)
        network.run(30 * ms)
        assert len(monitors[0].i) > 20
        recorded = digest(network)
        # From Brian2 2.10 on a network with compiled monitors cannot be restored.
        network.remove(*monitors)
        network.store()
        onto.connect(i=[0, 1], j=[3, 4])
        onto.w[30:] = 0.2
        network.run(30 * ms)
        network.restore()
        cells.v[:5] = 0.5
        network.run(30 * ms)
        return recorded | {f"later {name}": bits for name, bits in digest(network).items()}

    assert len(assert_same(script, tmp_path)) > 50
    brian2_warnings_are_errors.clear()  # of the order of writing, as for `rand()` elsewhere


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in list_models() if load_model(name).kind == "cell"]
)
def test_every_cell_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    def cells() -> dict[str, bytes]:
        seed(1)
        model = load_model(name)
        group = (PyramidalCells if model.level == 1 else Cells)(50, model, name="cells")
        group.injected_current = np.linspace(0, 1.5, 50) * nA
        network = Network(group)
        network.run(30 * ms)
        return digest(network)

    assert_same(cells, tmp_path)


@pytest.mark.slow
def test_a_network_that_learns_and_rewires_gives_the_same_bits(tmp_path: Path) -> None:
    def learning() -> dict[str, bytes]:
        memory = SpikingTemporalMemory(
            32, 4, activation_threshold=3, min_threshold=2, max_new_synapses=6, seed=2
        )
        rng = np.random.default_rng(0)
        elements = [np.sort(rng.choice(32, 6, replace=False)) for _ in range(4)]
        for element in elements * 4:
            memory.compute(element, learn=True)
        segments = memory.export_segments()
        assert segments.n_synapses > 0
        found = digest(memory.network)
        found["permanences"] = np.asarray(segments.permanence).tobytes()
        found["anomaly"] = np.float64(memory.anomaly).tobytes()
        return found

    assert_same(learning, tmp_path)


def test_lean_calls_are_off_where_nobody_asked() -> None:
    assert lean_calls.prefs[PREFERENCE] is False
