"""Does it fit into memory? Asked before any work starts, not found out after an hour."""

from __future__ import annotations

import os
from pathlib import Path

from htm_brian.errors import InputError

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int | None:
    """Return the memory that a new process can have, or None where the system does not tell."""
    known = [n for n in (_free_of_machine(), _free_of_container()) if n is not None]
    return min(known) if known else None


def require_bytes(needed: float, what: str, remedy: str) -> None:
    """Raise an `InputError` if `needed` bytes are more than there are."""
    available = available_bytes()
    if available is not None and needed > available:
        raise InputError(
            f"{what} need about {_gigabytes(needed)} of memory, {_gigabytes(available)} are free; "
            f"{remedy}"
        )


def _gigabytes(n: float) -> str:
    return f"{n / 1e9:,.1f} GB"


def _free_of_machine() -> int | None:
    try:
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # no Linux: the whole memory is the best that is known
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _free_of_container() -> int | None:
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = (CGROUP / "memory.current").read_text().strip()
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - int(used))
