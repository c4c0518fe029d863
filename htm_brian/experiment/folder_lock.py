"""One run at a time in a folder of results: two would mix their figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from htm_brian.errors import InputError

try:
    import fcntl
except ImportError:  # Windows: a folder is not locked there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder; the system lets go of the lock of a process that dies.

    Raises
    ------
    InputError
        If another run has the folder; the message says which process.
    """
    if fcntl is None:
        yield
        return
    path = folder / LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = not path.exists() or path.stat().st_ino != os.fstat(descriptor).st_ino
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise InputError(_refusal(folder, holder)) from None
        except OSError:  # a file system that knows no locks
            gone = False
        if gone:  # the run that had it took the file away just now
            raise InputError(_refusal(folder, ""))
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _refusal(folder: Path, holder: str) -> str:
    process = f" (process {holder})" if holder else ""
    return (
        f"another run{process} is writing its results to {folder}; wait for its end, or choose "
        "another folder with --output"
    )
