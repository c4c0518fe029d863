"""The benchmark of sweeps at a small size, and the claim that two cores do 1.7 times as much."""

from __future__ import annotations

import importlib
import statistics
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
POINTS, ROUNDS, REPEATS = 32, 8_000_000, 3
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
    """By 1.7, where two plain processes at the same time would be 2 times as fast as one."""
    (tmp_path / "busy.py").write_text(bench.PROTOCOL)
    shares = []
    for number in range(REPEATS):
        one, two = (bench.sweep(tmp_path, n, POINTS, ROUNDS, number) for n in (1, 2))
        alone, both = (bench.plain(tmp_path, n, POINTS, ROUNDS) for n in (1, 2))
        shares.append((one / two) / (alone / both))
        print(f"speed-up {one / two:.2f}, of plain processes {alone / both:.2f}")
    assert 2 * statistics.median(shares) >= WANTED, shares
