"""The Brian2 network of a layer: storing and restoring take the layer's own state along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError


class LayerNetwork(SteppedNetwork):
    """A network whose `store` and `restore` take along what its layer keeps outside Brian2.

    Attributes
    ----------
    room : callable
        Returns the number of branches that there is room for; Brian2 cannot restore groups of
        another size.
    after_restore : list of callables
        Called, without arguments, after each restoration.
    """

    def __init__(self, *objects: Any, name: str = "layernetwork*") -> None:
        super().__init__(*objects, name=name)
        self.room: Callable[[], int] = lambda: 0
        self.after_restore: list[Callable[[], object]] = []
        self._room_at: dict[tuple[str, str | None], int] = {}

    def store(self, name: str = "default", filename: str | None = None) -> None:
        """Store the state, as `Network.store` does."""
        super().store(name, filename)
        self._room_at[name, filename] = self.room()

    def restore(
        self, name: str = "default", filename: str | None = None, restore_random_state: bool = False
    ) -> None:
        """Go back to a stored state, as `Network.restore` does.

        Raises
        ------
        InputError
            Where branches have outgrown the room that there was.
        """
        then, now = self._room_at.get((name, filename)), self.room()
        if then is not None and then != now:
            raise InputError(
                f"the state {name!r} cannot be restored: it was stored with room for {then} "
                f"branches, and the layer has grown to {now} since; store it anew"
            )
        super().restore(name, filename, restore_random_state)
        for callback in self.after_restore:
            callback()
