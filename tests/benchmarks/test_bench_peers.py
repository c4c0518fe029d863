"""The benchmark beside other programs: a peer that is not installed has no figure."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return importlib.import_module("bench_peers")


def test_a_peer_that_is_missing_has_no_figure(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("nest", "neurosush"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    shown = bench.sequence(16, 3)
    assert bench.neurosush(shown, 16, 2, 1) is None
    assert bench.nest(shown, 16, 2, 1, threads=1) is None
    assert bench.named("no_such_package") == "no_such_package, not installed"


def test_a_sequence_comes_round(bench: ModuleType) -> None:
    shown = bench.sequence(16, 3)
    turns = bench.in_turn(shown)
    first = [next(turns).tolist() for _ in range(bench.SEQUENCE)]
    assert all(len(set(each)) == 3 for each in first)
    assert next(turns).tolist() == first[0]


def test_least_takes_the_fastest_round(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 1.0, 1.2])
    monkeypatch.setattr(bench, "process_time", lambda: next(clock))
    assert bench.least(lambda: None, 2) == pytest.approx(1e3 * 0.2 / bench.SEQUENCE)
