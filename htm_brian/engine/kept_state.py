"""State outside Brian2 that follows a network's `store` and `restore`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from brian2.core.base import BrianObject
from brian2.core.clocks import Clock


class KeptState(BrianObject):
    """An object of a network that does nothing but keep state for the network's owner.

    Parameters
    ----------
    save : callable
        Returns the state; of NumPy arrays and plain Python, so that it can be written to a file.
    load : callable
        Takes it back. It gets a copy, however often the network is restored.
    name : str
        As every object of a network has.
    clock : Clock, optional
        Of the network's other objects, so that none is stored beside theirs; Brian2's default clock
        when left out. Nothing happens at its time steps.

    Examples
    --------
    >>> from htm_brian.engine.stepping import SteppedNetwork
    >>> counts = {"elements": 3}
    >>> network = SteppedNetwork(KeptState(counts.copy, counts.update, name="counts"))
    >>> network.store()
    >>> counts["elements"] = 8
    >>> network.restore()
    >>> counts
    {'elements': 3}
    """

    def __init__(
        self,
        save: Callable[[], Any],
        load: Callable[[Any], object],
        name: str = "keptstate*",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock=clock, name=name)
        self._save, self._load = save, load

    def _full_state(self) -> dict[str, Any]:
        return {"kept": copy.deepcopy(self._save())}

    def _restore_from_full_state(self, state: dict[str, Any]) -> None:
        self._load(copy.deepcopy(state["kept"]))
