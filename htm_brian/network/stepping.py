"""A Brian2 network that advances in many short stretches.

`Network.run` prepares every object anew: it checks names, generates code and looks it up in the
cache. For a network of twenty objects that takes half a second, thirty times as long as the 50 ms
of model time between two elements of a sequence. `SteppedNetwork` prepares once, through an
ordinary run of no duration, and from then on does only what Brian2's loop does at each time step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brian2.core.network import Network
from brian2.devices.device import RuntimeDevice, get_device
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.brian_warnings import expected

_STEP_TOLERANCE = 1e-4
"""Share of the shortest step by which the times of two clocks may differ and still coincide."""


class SteppedNetwork(Network):
    """A `brian2.Network` with `advance`, for runtime code generation (numpy, Cython).

    Objects may be added and removed between stretches; the next stretch prepares anew. Standalone
    devices cannot return to Python between stretches and are refused.

    Attributes
    ----------
    after_prepare : list of callables
        Called, without arguments, after each preparation.
    expected_warnings : list of str
        Starts of the warnings of Brian2's that preparing may raise for good reason.
    """

    def __init__(self, *objects: Any, name: str = "steppednetwork*") -> None:
        super().__init__(*objects, name=name)
        if not isinstance(get_device(), RuntimeDevice):
            raise RuntimeError(
                "a network that advances in stretches needs Brian2's runtime device, got a "
                "standalone device; call brian2.set_device('runtime') first"
            )
        self.expected_warnings: list[str] = []
        self.after_prepare: list[Callable[[], None]] = []
        self._prepared: tuple[int, ...] | None = None
        self._plan: list[tuple[Any, Any, float]] = []
        self._active: list[tuple[int, Any]] = []
        self._order: dict[tuple[int, ...], list[Any]] = {}

    def prepare(self) -> None:
        """Generate and compile what a run needs, and order the objects of each clock."""
        with expected(self.expected_warnings):
            self.run(0 * second, namespace={})
        active = [item for item in self.sorted_objects if item.active]
        clocks = list(dict.fromkeys(item.clock for item in active))
        self._plan = [
            (
                clock.variables["timestep"].get_value(),
                clock.variables["t"].get_value(),
                float(clock.dt_),
            )
            for clock in clocks
        ]
        positions = {clock: position for position, clock in enumerate(clocks)}
        self._order = {}
        self._active = [(positions[item.clock], item) for item in active]
        self._prepared = self._signature()
        for callback in self.after_prepare:
            callback()

    def invalidate(self) -> None:
        """Make the next stretch prepare anew, for example after an array was reallocated."""
        self._prepared = None

    def advance(self, duration: Quantity) -> None:
        """Run for `duration`; like `Network.run`, without its preparation and its report."""
        if self._prepared is None or self._prepared != self._signature():
            self.prepare()
        plan = self._plan
        if len(plan) == 0:
            return
        shortest = min(dt for _, _, dt in plan)
        end = float(self.t / second) + float(duration) - _STEP_TOLERANCE * shortest
        everywhere = range(len(plan))
        while True:
            now = min(float(time[0]) for _, time, _ in plan)
            if now >= end:
                break
            self.t_ = now
            latest = now + _STEP_TOLERANCE * shortest
            due = tuple(k for k in everywhere if plan[k][1][0] <= latest)
            for item in self._due(due):
                item.run()
            for k in due:
                step, time, dt = plan[k]
                step[0] += 1
                time[0] = step[0] * dt
        self.t_ = end + _STEP_TOLERANCE * shortest

    def _due(self, clocks: tuple[int, ...]) -> list[Any]:
        """Objects of these clocks in Brian2's order of execution."""
        if clocks not in self._order:
            self._order[clocks] = [item for k, item in self._active if k in clocks]
        return self._order[clocks]

    def _signature(self) -> tuple[int, ...]:
        return tuple(id(item) for item in self.objects)
