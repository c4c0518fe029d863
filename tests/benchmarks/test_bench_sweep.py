"""The benchmark of sweeps at a small size, and the claim that two cores do 1.7 times as much."""

from __future__ import annotations

import importlib
import statistics
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
POINTS, ROUNDS, REPEATS = 24, 4_000_000, 3
WANTED = 1.7


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return importlib.import_module("bench_sweep")


def test_plain_processes_do_the_work(bench: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(bench.PROTOCOL)
    assert bench.PLAIN.format(first=0, stop=2, rounds=10).count("compute") == 2
    compile(bench.PROTOCOL, "busy.py", "exec")


@pytest.mark.slow
def test_two_workers_speed_a_sweep_up(bench: ModuleType, tmp_path: Path) -> None:
    """By 1.7 with two free cores: by how busy the workers are, whatever else the machine does."""
    (tmp_path / "busy.py").write_text(bench.PROTOCOL)
    found = []
    for number in range(REPEATS):
        (one, busy_one), (two, busy_two) = (
            bench.sweep(tmp_path, n, POINTS, ROUNDS, number) for n in (1, 2)
        )
        print(f"measured {one / two:.2f}, workers busy {busy_one:.3f} and {busy_two:.3f}")
        found.append(2 * busy_two / busy_one)
    assert statistics.median(found) >= WANTED, found
