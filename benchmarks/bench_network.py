"""Speed of the spiking temporal memory, and of the same arithmetic in a bare C++ loop.

    python benchmarks/bench_network.py [--quick] [--target numpy] [--size 2048 32 40 65536]
        [--calls plain]

Processor seconds for one element of 50 ms on a sequence that the network knows (each segment
predicts one cell of one element, with 24 synapses), and where they go. The loop,
`network_loop.cpp`, starts from the network's own state, is compiled with the same flags, and has no
learning. It is there twice, each beside networks that do likewise: one steps every cell and branch,
in the other those sleep that nothing reaches. Both run their elements in turn with a network's;
with reliable release they must activate the same cells. Of all figures the least of some elements
is taken.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from brian2 import mV, prefs
from network_loop import PARTS as LOOP_PARTS
from network_loop import BareLoop, bare_loop
from numpy.typing import NDArray
from record import Record

from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.cells.spread import spread_by
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.engine.lean_calls import PREFERENCE
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.rule import PlasticityRule

SYNAPSES = 24
"""Of a segment, at most; as many as there are active columns, if these are fewer."""

PARTS = {
    "waking": ("sleeping",),
    "membrane noise": ("regularly",),
    "state update": ("stateupdater", "subexpression"),
    "thresholds, resets": ("thresholder", "resetter"),
    "synapses": ("synapses", "axes"),
    "rewiring": ("rewiring",),
    "learning": ("learning",),
}
"""Which objects belong to a part, by what their names contain."""

REST = "Python, the rest"


@dataclass(frozen=True)
class Size:
    """Of a network: columns, cells in each, active columns, segments."""

    columns: int
    cells: int
    active: int
    segments: int

    def __str__(self) -> str:
        return f"{self.columns} x {self.cells}, {self.active} active, {self.segments:,} segments"


NOISE = 1 * mV

SIZES = (Size(2048, 32, 40, 65_536), Size(512, 8, 20, 8_192))
QUICK = (Size(64, 4, 8, 128),)


def known_sequence(size: Size) -> tuple[list[NDArray[np.int64]], SegmentTable]:
    """Return the columns of a cyclic sequence, and segments that predict each of its elements."""
    rng = np.random.default_rng(0)
    length = size.segments // size.active
    columns = [np.sort(rng.choice(size.columns, size.active, replace=False)) for _ in range(length)]
    cells = [c * size.cells + rng.integers(size.cells, size=size.active) for c in columns]
    n = min(SYNAPSES, size.active)
    owner = np.concatenate(cells)
    presynaptic = np.concatenate(
        [
            np.sort(rng.choice(cells[k - 1], n, replace=False))
            for k in range(length)
            for _ in range(size.active)
        ]
    )
    table = SegmentTable(
        owner,
        np.arange(0, len(presynaptic) + 1, n),
        presynaptic,
        np.full(len(presynaptic), 0.8, dtype=np.float32),
        n_cells=size.columns * size.cells,
    )
    return columns, table


def memory(
    size: Size, release: str, rule: PlasticityRule | None = None, **more: Any
) -> SpikingTemporalMemory:
    """Return a memory whose thresholds suit the number of active columns."""
    n = min(SYNAPSES, size.active)
    return SpikingTemporalMemory(
        size.columns,
        size.cells,
        activation_threshold=n * 13 // 24,
        min_threshold=n * 10 // 24,
        max_new_synapses=n,
        release=release,
        rule=rule,
        **more,
    )


def in_noise() -> dict[str, object]:
    """Return the models of a layer with membrane noise that single neurons of 32 a column bear."""
    changes = {"membrane_noise.standard_deviation": NOISE, **spread_by(0.0)}
    model = load_model("minicolumns_in_vivo").with_values(changes)
    return {"model": model, "cell_model": "l5_in_vivo"}


def timed(function: Callable[..., Any], name: str, sums: dict[str, float]) -> Callable[..., Any]:
    """Return `function` such that it adds its processor time to ``sums[name]``."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = process_time()
        result = function(*args, **kwargs)
        sums[name] = sums.get(name, 0.0) + process_time() - start
        return result

    return wrapper


def clocked(call: Callable[[], object]) -> float:
    """Return the processor seconds of a call."""
    start = process_time()
    call()
    return process_time() - start


class Split:
    """Takes the time of a network's parts, of each the least of some elements."""

    def __init__(self, tm: SpikingTemporalMemory) -> None:
        self._sums = tm.network.measure()
        tm.layer.follow = timed(tm.layer.follow, "rewiring", self._sums)  # type: ignore[method-assign]
        learning = timed(BetweenElements.between_elements, "learning", self._sums)
        BetweenElements.between_elements = learning  # type: ignore[method-assign]
        self.parts = dict.fromkeys(PARTS, np.inf)

    def element(self, call: Callable[[], object]) -> None:
        """Run an element."""
        self._sums.clear()
        call()
        for part, pieces in PARTS.items():
            seconds = sum(
                seconds
                for name, seconds in self._sums.items()
                if any(piece in name for piece in pieces)
            )
            self.parts[part] = min(self.parts[part], seconds)


@dataclass
class Figures:
    """Seconds per element of one run, whole and in parts; the network's activity."""

    total: float
    parts: dict[str, float]
    activity: str


class Beside:
    """A bare loop that runs the elements of a network, and the least that it takes."""

    def __init__(self, loop: BareLoop) -> None:
        self._loop = loop
        self._least, self._parts = np.inf, dict.fromkeys(LOOP_PARTS, np.inf)

    def element(self, columns: NDArray[np.int64]) -> None:
        """Run an element."""
        self._loop.seconds()
        seconds = clocked(lambda: self._loop.compute(columns))
        if seconds < self._least:
            self._least, self._parts = seconds, self._loop.seconds()

    def figures(self) -> Figures:
        """Return what it took, whole and in parts."""
        return Figures(float(self._least), self._parts, "")


def run(
    tm: SpikingTemporalMemory,
    columns: list[NDArray[np.int64]],
    learn: bool,
    n_elements: int,
    beside: Callable[[NDArray[np.int64]], None] | None = None,
) -> Figures:
    """Time elements; then time some more with the parts apart."""
    warm_up = 4
    total = np.inf
    for k in range(warm_up + n_elements):
        element = columns[k % len(columns)]
        seconds = clocked(lambda element=element: tm.compute(element, learn))  # type: ignore[misc]
        if beside is not None:
            beside(element)
        if k >= warm_up:
            total = min(total, seconds)
    activity = f"{len(tm.active_cells)} cells active, anomaly {tm.anomaly:.2f}"
    learning, following = BetweenElements.between_elements, tm.layer.follow
    split = Split(tm)
    for k in range(warm_up + n_elements, warm_up + 2 * n_elements):
        element = columns[k % len(columns)]
        split.element(lambda element=element: tm.compute(element, learn))  # type: ignore[misc]
    BetweenElements.between_elements = learning  # type: ignore[method-assign]
    tm.layer.follow = following  # type: ignore[method-assign]
    # Taking the time of the parts takes time: the whole is from elements without it.
    parts = {**split.parts, REST: max(0.0, total - sum(split.parts.values()))}
    return Figures(float(total), parts, activity)


def bench(record: Record, size: Size, n_elements: int) -> None:
    """Measure one size."""
    columns, table = known_sequence(size)
    tm, stepped, noisy = (
        memory(size, "model", **more) for more in ({}, {"sleeping": False}, in_noise())
    )
    for each in (tm, stepped, noisy):
        each.import_segments(table)
    with bare_loop(stepped) as loop, bare_loop(stepped, sleeping=True) as sleeping_loop:
        loops = [Beside(each) for each in (loop, sleeping_loop) if each is not None]

        def beside(element: NDArray[np.int64]) -> None:
            for each in loops:
                each.element(element)

        awake = run(stepped, columns, False, n_elements, beside)
    bare, bare_sleeping = [each.figures() for each in loops] or [Figures(np.inf, {}, "")] * 2
    del stepped
    without = run(tm, columns, False, n_elements)
    learning = run(tm, columns, True, n_elements)
    learning_in_noise = run(noisy, columns, True, n_elements)
    all_figures = (learning_in_noise, learning, without, bare_sleeping, awake, bare)
    loop_of = (bare_sleeping,) * 4 + (bare,) * 2
    period = float(tm.model["element"]["period"])
    took = record.table(
        f"an element: {size}, {table.n_synapses:,} synapses",
        {
            f"learning, noise of {NOISE / mV:g} mV": "ms",
            "learning": "ms",
            "without": "ms",
            "C++ loop": "ms",
            "all awake": "ms",
            "its C++ loop": "ms",
        },
    )
    for part in (*PARTS, REST):
        took.row(part, *known([1e3 * figures.parts.get(part, 0.0) for figures in all_figures]))
    print(f"({without.activity}; in noise {learning_in_noise.activity})")
    took.row("whole", *known([1e3 * figures.total for figures in all_figures]))
    ratios = known([f.total / own.total for f, own in zip(all_figures, loop_of, strict=True)])
    took.row("times the C++ loop", *ratios, unit="x")
    took.row("times real time", *known([f.total / period for f in all_figures]), unit="real time")


def known(values: list[float]) -> list[float | None]:
    """Leave out what was not measured: without a compiler there are no figures of the loop."""
    return [value if 0 < value < np.inf else None for value in values]


def main() -> None:
    """Print a table for each size, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tiny network, few elements")
    parser.add_argument("--target", choices=("cython", "numpy"), default="cython")
    parser.add_argument("--calls", choices=("plain", "lean"), default="lean", help="of Cython code")
    parser.add_argument(
        "--size", nargs=4, type=int, metavar=("COLUMNS", "CELLS", "ACTIVE", "SEGMENTS")
    )
    parser.add_argument("--elements", type=int, help="how many to take the fastest of")
    options = parser.parse_args()
    prefs.codegen.target = options.target
    fast = use_fast_settings().applied if options.target == "cython" else False
    prefs[PREFERENCE] = prefs[PREFERENCE] and options.calls == "lean"
    record = Record(
        "network",
        f"{options.target}, fast flags {'on' if fast else 'off'}, "
        f"lean calls {'on' if prefs[PREFERENCE] else 'off'}",
    )
    sizes = (Size(*options.size),) if options.size else QUICK if options.quick else SIZES
    for size in sizes:
        bench(record, size, options.elements or (5 if options.quick else 30))
    record.write()


if __name__ == "__main__":
    main()
