"""A Brian2 network that advances in many short stretches.

`Network.run` prepares every object anew: it checks names, generates code and looks it up in the
cache. For a network of twenty objects that takes half a second, thirty times as long as the 50 ms
of model time between two elements of a sequence. `SteppedNetwork` prepares once, through an
ordinary run of no duration, and from then on does only what Brian2's loop does at each time step.

What would find nothing to do is not called: an object without code, a reset or a spike monitor
when nothing has spiked, a pathway on which no spike is due. In a sparse network these are most
calls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

from brian2.codegen.codeobject import CodeObject
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.core.network import Network
from brian2.devices.device import RuntimeDevice, get_device
from brian2.groups.group import VariableOwner
from brian2.groups.neurongroup import Resetter
from brian2.monitors.spikemonitor import EventMonitor
from brian2.synapses.synapses import Synapses, SynapticPathway
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.engine.arrays import note_sizes, raw, set_clocks
from htm_brian.engine.compiling import compile_apart, push_from_python
from htm_brian.engine.random_numbers import own_memory_kept, random_state, set_random_state
from htm_brian.engine.versions import usable
from htm_brian.engine.warnings import expected

_STEP_TOLERANCE = 1e-4
"""Share of the shortest step by which the times of two clocks may differ and still coincide."""

Call = Callable[[], object]


class SteppedNetwork(Network):
    """A `brian2.Network` with `advance`, for runtime code generation (numpy, Cython).

    Between stretches objects may be added, removed and switched off, synapses made, delays and time
    steps changed, and a stored state restored; the next stretch prepares anew. Standalone devices
    cannot return to Python between stretches and are refused.

    Parameters
    ----------
    *objects
        Brian2 objects, as of `Network`.
    name : str
        Of the network.

    Attributes
    ----------
    before_prepare, after_prepare : list of callables
        Called, without arguments, before and after each preparation; the first also before each
        run of Brian2's own.
    expected_warnings : list of str
        Starts of the warnings of Brian2's that preparing may raise for good reason.

    Raises
    ------
    RuntimeError
        If Brian2's device is a standalone one.
    """

    def __init__(self, *objects: Any, name: str = "steppednetwork*") -> None:
        super().__init__(*objects, name=name)
        if not isinstance(get_device(), RuntimeDevice):
            raise RuntimeError(
                "a network that advances in stretches needs Brian2's runtime device, got a "
                "standalone device; call brian2.set_device('runtime') first"
            )
        # Another Brian2 runs each stretch as a whole run, preparation and all.
        self._own_loop = usable("stretches of a run")
        self.expected_warnings: list[str] = []
        self.before_prepare: list[Call] = []
        self.after_prepare: list[Call] = []
        self._drawn: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._prepared: list[object] | None = None
        self._compiled = self._preparing = False
        self._members: list[BrianObject] = []
        self._clocks_in_use: list[Clock] = []
        self._times: list[float] = []
        self._plan: list[tuple[Any, Any, float]] = []
        self._calls: list[tuple[int, str, Call]] = []
        self._order: dict[tuple[int, ...], list[Call]] = {}
        self._seconds: dict[str, float] | None = None

    def add(self, *objects: Any) -> None:
        """Add objects; even before a run they are the network's own.

        Brian2 warns of an object that nobody ran, which a memory that is not used is full of.

        Parameters
        ----------
        *objects
            Brian2 objects, as of `Network`.
        """
        super().add(*objects)
        for item in self.objects:
            item._network = self.id

    def prepare(self) -> None:
        """Generate and compile what a run needs, and order the objects of each clock."""
        self._call_before()
        with expected(self.expected_warnings):
            pathways = [item for item in self.sorted_objects if isinstance(item, SynapticPathway)]
            for pathway in pathways:
                push_from_python(pathway)
            if not self._compiled:
                compile_apart(self.sorted_objects)
                self._compiled = True
            self._preparing = True
            try:
                self.run(0 * second, namespace={})
            finally:
                self._preparing = False
        self._members = self.sorted_objects
        active = [item for item in self._members if item.active]
        clocks = list(dict.fromkeys(item.clock for item in active))
        self._plan = [
            (
                clock.variables["timestep"].get_value(),
                clock.variables["t"].get_value(),
                float(clock.dt_),
            )
            for clock in clocks
        ]
        self._clocks_in_use = clocks
        positions = {clock: position for position, clock in enumerate(clocks)}
        calls = [(positions[item.clock], item.name, _call_of(item)) for item in active]
        self._calls = [(where, name, call) for where, name, call in calls if call is not None]
        self._times = [float(time[0]) for _, time, _ in self._plan]
        self._order = {}
        self._prepared = self._signature()
        for callback in self.after_prepare:
            callback()

    def before_run(self, run_namespace: Any) -> None:
        """Prepare a run, as `Network.before_run` does; one that Brian2 makes is prepared for alike.

        Parameters
        ----------
        run_namespace : dict
            As of `Network.before_run`.
        """
        if self._own_loop and not self._preparing:
            self._call_before()
            self.invalidate()
        super().before_run(run_namespace)

    def _call_before(self) -> None:
        for callback in self.before_prepare:
            callback()

    def invalidate(self) -> None:
        """Make the next stretch prepare anew, for example after an array was reallocated."""
        self._prepared = None

    def store(self, name: str = "default", filename: str | None = None) -> None:
        """Store the state, as `Network.store` does.

        Parameters
        ----------
        name, filename : str
            As of `Network.store`.
        """
        for item in self.sorted_objects:
            if isinstance(item, VariableOwner):
                note_sizes(item)
        super().store(name, filename)
        self._drawn[name, filename] = random_state()

    def restore(
        self, name: str = "default", filename: str | None = None, restore_random_state: bool = False
    ) -> None:
        """Go back to a stored state, as `Network.restore` does.

        Parameters
        ----------
        name, filename : str
            As of `Network.restore`.
        restore_random_state : bool
            Whether random numbers are to come again; from a file of another process, those of
            NumPy do, and not those that compiled code had drawn in advance.
        """
        drawn = self._drawn.get((name, filename))
        if restore_random_state and drawn is None:
            with own_memory_kept():
                super().restore(name, filename, restore_random_state)
        else:
            super().restore(name, filename)
            if restore_random_state and drawn is not None:
                set_random_state(drawn)
        self.invalidate()

    def take(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the state that was stored under a name, and random numbers; it is here no more.

        Parameters
        ----------
        name : str
            As of `store`, without a file.

        Returns
        -------
        state, random : dict
            As Brian2 stores it; as of `htm_brian.engine.random_numbers.random_state`.
        """
        return self._stored_state.pop(name), self._drawn.pop((name, None))

    def put(self, name: str, state: dict[str, Any], random: dict[str, Any]) -> None:
        """Put what `take` returned under a name, for `restore`.

        Parameters
        ----------
        name : str
        state, random : dict
        """
        self._stored_state[name], self._drawn[name, None] = state, random

    def measure(self) -> dict[str, float]:
        """From now on add up how long each object takes; return the sums, which go on growing.

        Returns
        -------
        dict
            Processor time in seconds by the object's name; clear it to start again.
        """
        self._seconds, self._order = {}, {}
        return self._seconds

    def advance(self, duration: Quantity) -> None:
        """Run for `duration`; like `Network.run`, without its preparation and its report.

        Parameters
        ----------
        duration : Quantity
            Of model time.
        """
        if not self._own_loop:
            with expected(self.expected_warnings):
                self.run(duration, namespace={})
            return
        if self._prepared is None or self._prepared != self._signature():
            self.prepare()
        plan = self._plan
        if len(plan) == 0:
            return
        if [float(time[0]) for _, time, _ in plan] != self._times:
            # Another network has the same clock, and moved it.
            set_clocks(self._clocks_in_use, self.t)
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
            for call in self._due(due):
                call()
            for k in due:
                step, time, dt = plan[k]
                step[0] += 1
                time[0] = step[0] * dt
        self.t_ = end + _STEP_TOLERANCE * shortest
        self._times = [float(time[0]) for _, time, _ in plan]

    def _due(self, clocks: tuple[int, ...]) -> list[Call]:
        """Return what the objects of these clocks do, in Brian2's order of execution."""
        if clocks not in self._order:
            due = [(name, call) for where, name, call in self._calls if where in clocks]
            sums = self._seconds
            self._order[clocks] = [
                call if sums is None else _timed(call, name, sums) for name, call in due
            ]
        return self._order[clocks]

    def _signature(self) -> list[object]:
        """Return what the preparation rests on; where that has changed, it is out of date."""
        found: list[object] = [id(item) for item in self.objects]
        found += [clock.dt_ for clock in self._clocks_in_use]
        for item in self._members:
            found += item.active, id(item.clock), len(item.contained_objects)
            if isinstance(item, Synapses):
                # Of synapses all arrays are made anew together.
                targets = raw(item, "_synaptic_post")
                found += len(targets), targets.__array_interface__["data"][0]
            elif isinstance(item, SynapticPathway):
                found.append(raw(item, "delay").tobytes())
        return found


def _call_of(item: BrianObject) -> Call | None:
    """Return what `item` does at a time step, None if that is nothing."""
    if type(item).run is not BrianObject.run:
        run: Call = item.run
        return run
    codes = [_bare(code) for code in item.code_objects]
    if len(codes) == 0:
        return None
    if isinstance(item, SynapticPathway):
        return _pathway(item, codes[-1])
    if isinstance(item, (Resetter, EventMonitor)):
        owner = item.group if isinstance(item, Resetter) else item
        return _where_events(owner.variables[f"_{item.event}space"].get_value(), codes)
    return codes[0] if len(codes) == 1 else item.run


def _bare(code: CodeObject) -> Call:
    """Return the call of a code object; of compiled code the function itself, where that will do.

    Brian2 wraps it in four calls, which take as long as the work on a thousand cells.
    """
    compiled = code.compiled_code.get("run")
    if isinstance(code, CythonCodeObject) and compiled and not code.nonconstant_values:
        return partial(compiled.main, code.namespace)
    call: Call = code.__call__
    return call


def _where_events(events: Any, codes: list[Call]) -> Call:
    """Call `codes` when there are events; the last entry of `events` is their number."""

    def call() -> None:
        if events[-1]:
            for code in codes:
                code()

    return call


def _pathway(pathway: SynapticPathway, code: Call) -> Call:
    """Hand new events to the queue, and run `code`, which empties its head, if one is due."""
    events, queue = pathway.eventspace, pathway.queue

    def call() -> None:
        if events[-1]:
            pathway.push_spikes()
        if len(queue.peek()):
            code()
        else:
            queue.advance()

    return call


def _timed(call: Call, name: str, sums: dict[str, float]) -> Call:
    # What the clock itself takes can be as much as a short call.
    own = min(-process_time() + process_time() for _ in range(100))

    def timed() -> None:
        start = process_time()
        call()
        sums[name] = sums.get(name, 0.0) + process_time() - start - own

    return timed
