"""The benchmark of the network runs, and its bare loop does what the network does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")


@needs_compiler
@pytest.mark.parametrize("sleeping", [False, True])
def test_the_bare_loop_activates_the_same_cells(sleeping: bool) -> None:
    from bench_network import QUICK, known_sequence, memory
    from network_loop import bare_loop

    (size,) = QUICK
    columns, table = known_sequence(size)
    tm = memory(size, release="reliable")
    tm.import_segments(table)
    rng = np.random.default_rng(1)
    activity = []
    with bare_loop(tm, sleeping) as loop:
        for k in range(14):
            surprise = np.sort(rng.choice(size.columns, size.active, replace=False))
            element = surprise if k == 6 else columns[k % len(columns)]
            tm.compute(element, learn=False)
            assert loop.compute(element).tolist() == tm.active_cells.tolist(), f"element {k}"
            activity.append(len(tm.active_cells))
    assert activity[5] == size.active < activity[6], "both known and unknown elements"
    assert np.nextafter(np.float64(0), 1) * np.ones(1) > 0, "subnormal numbers are still there"


def test_spikes_fail_in_the_loop_as_often_as_in_the_network() -> None:
    from bench_network import QUICK, known_sequence, memory
    from network_loop import _arrays

    tm = memory(*QUICK, release="model")
    tm.import_segments(known_sequence(*QUICK)[1])
    just_connected = float(tm.layer.dendrites.distal.synapses.transmission_probability[:])
    # Permanence 0.8 of a threshold of 0.5: 1.6 times the sites of a connection at the threshold.
    expected = 1 - (1 - just_connected) ** 1.6
    np.testing.assert_allclose(_arrays(tm)["transmission_probability"], expected, rtol=1e-6)


def test_the_smallest_benchmark_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import bench_network

    monkeypatch.chdir(tmp_path)  # the record is kept where it is run

    monkeypatch.setattr("sys.argv", ["bench_network.py", "--quick", "--target", "numpy"])
    bench_network.main()
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:40].strip(): line[40:].split() for line in lines}
    for column in (0, 1, 2, 4):
        parts = [rows[part][column] for part in (*bench_network.PARTS, bench_network.REST)]
        assert sum(float(part) for part in parts if part != "-") > 0
        assert float(rows["whole"][column]) > 0
    assert rows["rewiring"][2:] == ["-"] * 4
    if shutil.which("g++"):
        assert float(rows["times the C++ loop"][-1]) == 1


def test_rules_at_the_synapse_are_timed_beside_the_counter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import bench_network_rules

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["bench_network_rules.py", "--quick", "--target", "numpy"])
    bench_network_rules.main()
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:40].strip(): line[40:].split() for line in lines}
    assert set(bench_network_rules.RULES) <= set(rows)
    assert float(rows["counter, between elements"][1]) == 1
