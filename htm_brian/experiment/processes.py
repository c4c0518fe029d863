"""Long runs side by side, in processes of their own, that can be stopped and keep what they have.

Brian2 holds one simulation at a time in a process and uses one core, so runs that do not need each
other go to a `WorkerPool`: silent worker processes, started afresh (spawn), that take one task
after the other, say how far they are, and return what they have when they are told to stop. The
first Ctrl-C, turned into a flag by `deferred_interrupt`, tells them so.

A task is a function of a module (it travels by name) whose last argument is ``after_step``; it
calls ``after_step(done)`` after every step and returns its result, complete or not, as soon as that
gives False.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from htm_brian.errors import InputError, mistake_behind
from htm_brian.experiment.progress import Progress

REPORT_PERIOD = 0.1
"""Seconds between two messages of a worker about its progress."""

AfterStep = Callable[[int], bool]

GRACE = 10.0
"""Seconds that stopped processes have to end, where nobody waits for what they have."""


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag, so that work can end where its state is whole.

    Yields a function that says whether Ctrl-C was pressed. A second Ctrl-C interrupts at once.
    Outside the main thread, where Python delivers no signals, the flag stays down.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    previous = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


class WorkerError(RuntimeError):
    """A task failed in its process, or the process ended before it."""


class WorkerPool:
    """Up to `jobs` worker processes.

    Parameters
    ----------
    jobs : int
        Largest number of processes at a time.

    Attributes
    ----------
    progress : dict of str to int
        Steps done by each task that was started.
    results : dict of str to object
        What each finished task returned.
    """

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise InputError(f"jobs must be at least 1, got {jobs}")
        self.jobs = jobs
        self.progress: dict[str, int] = {}
        self.results: dict[str, Any] = {}
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._waiting: deque[tuple[str, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._idle: list[Connection] = []
        self._processes: dict[Connection, BaseProcess] = {}
        self._tasks: dict[Connection, str] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        for connection, process in self._processes.items():
            if connection in self._idle:
                connection.send(None)
            else:
                process.terminate()
        for process in self._processes.values():
            process.join()

    @property
    def busy(self) -> bool:
        """Whether a task is running or waiting."""
        return bool(self._tasks or self._waiting)

    def submit(self, name: str, function: Callable[..., Any], *arguments: Any) -> None:
        """Run ``function(*arguments, after_step)`` as soon as a worker is free."""
        self._waiting.append((name, function, arguments))
        self._dispatch()

    def poll(self, timeout: float) -> None:
        """Take in what the workers say within `timeout` seconds, and give them new tasks.

        Raises
        ------
        WorkerError
            If a task failed; the message is one line and names the task, and the worker's
            traceback is a note on the error.
        InputError
            If a task found a fault that the user can mend.
        MemoryError
            If a task found too little memory, or the system killed its process.
        """
        for connection in wait(list(self._tasks), timeout):
            assert isinstance(connection, Connection)
            self._receive(connection)
        self._dispatch()

    def follow(
        self, lengths: Mapping[str, int], progress: Progress, grace: float, running: str
    ) -> None:
        """Wait for all tasks and show how far they are; Ctrl-C stops them.

        Parameters
        ----------
        lengths : mapping of str to int
            Steps of each task.
        progress : Progress
            Its stage has begun, with the sum of the lengths.
        grace : float
            Seconds that stopped tasks have to hand in what they have.
        running : str
            What the stage is called from the first step on.
        """
        while self.busy and not progress.interrupted:
            self.poll(0.2)
            done = sum(
                n if name in self.results else self.progress.get(name, 0)
                for name, n in lengths.items()
            )
            if done:
                progress.describe(running)
            progress.reach(done)
        if self.busy:
            progress.describe(running)
            self.stop(grace)

    def stop(self, grace: float) -> None:
        """Tell every task to end; wait `grace` seconds for what it has; start no other."""
        self._waiting.clear()
        self._stop.set()
        end = time.monotonic() + grace
        while self._tasks and time.monotonic() < end:
            # One that fails now must not lose what the others have.
            with suppress(WorkerError, InputError, MemoryError):
                self.poll(0.1)

    def _dispatch(self) -> None:
        while self._waiting and (self._idle or len(self._processes) < self.jobs):
            connection = self._idle.pop() if self._idle else self._start()
            task = self._waiting.popleft()
            self._tasks[connection] = task[0]
            self.progress[task[0]] = 0
            connection.send(task)

    def _start(self) -> Connection:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._stop), daemon=True)
        with interrupt_held_back():  # inherited: a worker that is just starting must not die of it
            process.start()
        theirs.close()
        self._processes[ours] = process
        return ours

    def _receive(self, connection: Connection) -> None:
        name = self._tasks[connection]
        try:
            kind, content = connection.recv()
        except (EOFError, ConnectionError):
            process = self._processes.pop(connection)
            del self._tasks[connection]
            process.join()
            if process.exitcode == -signal.SIGKILL:  # nobody else kills a worker like this
                raise MemoryError(f"{name}: the system killed its process") from None
            raise WorkerError(f"{name}: the process ended with status {process.exitcode}") from None
        if kind == "progress":
            self.progress[name] = content
            return
        del self._tasks[connection]
        self._idle.append(connection)
        if kind == "memory":
            raise MemoryError(f"{name}: {content}")
        if kind == "input":
            raise InputError(f"{name}: {content}")
        if kind == "error":
            error = WorkerError(f"{name}: {content[0]}")
            error.add_note(f"In the worker process:\n{content[1]}")
            raise error
        self.results[name] = content


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Hold back Ctrl-C for a moment; processes started meanwhile hold it back for good."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, stop: Any) -> None:
    """Do tasks until None comes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to children too
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    try:
        while (task := connection.recv()) is not None:
            _, function, arguments = task
            try:
                message = ("result", function(*arguments, _reporter(connection, stop)))
            except (EOFError, ConnectionError):
                raise
            except MemoryError as error:
                message = ("memory", str(error) or "out of memory")
            except Exception as error:
                mistake = mistake_behind(error)
                if mistake is not None:
                    message = ("input", str(mistake))
                else:
                    first_line = str(error).strip().partition("\n")[0]
                    line = f"{type(error).__name__}: {first_line}"
                    message = ("error", (line, traceback.format_exc()))
            connection.send(message)
    except (EOFError, ConnectionError):
        return


def _reporter(connection: Connection, stop: Any) -> AfterStep:
    last = time.monotonic()

    def after_step(done: int) -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last >= REPORT_PERIOD:
            connection.send(("progress", done))
            last = now
        return not stop.is_set()

    return after_step
