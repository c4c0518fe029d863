"""Linear algebra on one core."""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager, nullcontext


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one core where possible, for matrices so small that it is faster.

    Threads that wait for each other's share of a small product cost more than the product. Without
    the package threadpoolctl, which scikit-learn brings, nothing is changed.
    """
    if importlib.util.find_spec("threadpoolctl") is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
