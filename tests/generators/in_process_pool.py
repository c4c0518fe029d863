"""A pool without processes, for tests of what is run in one: starting each takes seconds."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any

from htm_brian.experiment.progress import Progress


class InProcessPool:
    """Stands in for `WorkerPool`: runs each task in turn when the pool is followed.

    Tasks and results travel by pickle as they would from process to process.
    """

    def __init__(self, jobs: int) -> None:
        self.results: dict[str, Any] = {}
        self._waiting: list[tuple[str, bytes]] = []

    def __enter__(self) -> InProcessPool:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def submit(self, name: str, function: Callable[..., Any], *arguments: Any) -> None:
        self._waiting.append((name, pickle.dumps((function, arguments))))

    def follow(
        self, lengths: Mapping[str, int], progress: Progress, grace: float, running: str
    ) -> None:
        """Run what waits; an interrupt stops the task that runs, and no other is begun."""
        waiting, self._waiting = self._waiting, []
        for name, task in waiting:
            function, arguments = pickle.loads(task)
            result = function(*arguments, lambda done: not progress.interrupted)
            self.results[name] = pickle.loads(pickle.dumps(result))
            if progress.interrupted:
                return
