"""How a permanence learns, as replaceable objects.

A rule maps the permanences of a learning segment and the activity of their presynaptic cells to
new permanences. It knows neither segments nor thresholds, so every level of the ladder uses the
same objects.

======================  =============================  ================================
rule                    presynaptic cell active        inactive
======================  =============================  ================================
`UpDown`                p + increment                  p - decrement
`IncidenceRate`         p + alpha (1 - p)              p - alpha p
======================  =============================  ================================

with alpha = 1 - exp(-1 / learning_period); all results are clipped to [0, 1].
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_number, check_numbers, check_positive
from htm_brian.errors import InputError

EPSILON = 1e-5
"""Slack of the comparisons with a threshold, as in NuPIC: connected is p >= threshold - EPSILON,
and under `UpDown` a permanence below EPSILON counts as zero."""

UP_DOWN = 0
INCIDENCE_RATE = 1


@runtime_checkable
class PermanenceRule(Protocol):
    """What a permanence rule offers.

    A rule of your own needs no more than `update`, a function of arrays without side effects, which
    is called once a step with all synapses that learn. What else it leaves out is `UpDown`'s.

    Attributes
    ----------
    connected_permanence : float
        The threshold that belongs to the rule: a synapse at or above it is connected.
    initial_permanence : float
        Where new synapses start.
    prune_below : float
        A synapse below this is removed.
    kernel_parameters : tuple of (int, float, float) or None
        Kind and two numbers by which the compiled kernels carry out the rule, which is faster;
        None where only `update` can.
    """

    @property
    def connected_permanence(self) -> float:
        """Permanence from which a synapse is connected."""

    @property
    def initial_permanence(self) -> float:
        """Permanence of a new synapse."""

    @property
    def prune_below(self) -> float:
        """Permanence below which a synapse is removed."""

    @property
    def kernel_parameters(self) -> tuple[int, float, float] | None:
        """Kind and two numbers that the kernels know; None for a rule of your own."""

    def update(
        self, permanence: NDArray[np.float32], active: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the permanences after one learning event.

        Parameters
        ----------
        permanence : ndarray of float32, shape (n_synapses,)
            In [0, 1].
        active : ndarray of bool, shape (n_synapses,)
            Whether the presynaptic cell was active.

        Returns
        -------
        ndarray of float32, shape (n_synapses,)
            In [0, 1].
        """
        ...


@dataclass(frozen=True)
class UpDown:
    """The classic counter: up when the presynaptic cell was active, down when not.

    Parameters
    ----------
    increment, decrement : float in [0, 1]

    Raises
    ------
    InputError
        Where one lies outside of [0, 1].

    Examples
    --------
    >>> rule = UpDown(increment=0.1, decrement=0.02)
    >>> rule.update(np.array([0.5, 0.5, 0.95]), np.array([True, False, True]))
    array([0.6 , 0.48, 1.  ], dtype=float32)
    >>> rule.capacity
    6.0
    """

    increment: float = 0.1
    decrement: float = 0.1

    connected_permanence = 0.5
    initial_permanence = 0.21
    prune_below = EPSILON

    def __post_init__(self) -> None:
        check_number("increment", self.increment, low=0.0, high=1.0)
        check_number("decrement", self.decrement, low=0.0, high=1.0)

    @property
    def kernel_parameters(self) -> tuple[int, float, float]:
        """Kind, increment, decrement."""
        return (UP_DOWN, self.increment, self.decrement)

    @property
    def capacity(self) -> float:
        """Largest number of equally frequent patterns that a segment keeps apart.

        Each synapse serves one pattern: it goes up once and down N - 1 times in N presentations,
        so it holds its own as long as N <= increment / decrement + 1.
        """
        return math.inf if self.decrement == 0 else self.increment / self.decrement + 1

    def update(
        self, permanence: NDArray[np.float32], active: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the permanences after one learning event.

        Parameters
        ----------
        permanence : ndarray of float, shape (n_synapses,)
            In [0, 1].
        active : ndarray of bool, shape (n_synapses,)
            Whether the presynaptic cell was active.

        Returns
        -------
        ndarray of float, shape (n_synapses,)
            In [0, 1].
        """
        return _affine(permanence, active, 1.0, self.increment, -self.decrement)


@dataclass(frozen=True)
class IncidenceRate:
    """The permanence as an exponential moving average of the presynaptic cell's activity.

    It measures how often the presynaptic cell was active when the segment learned. A synapse is
    connected while that share is at least `incidence_rate`; new synapses start there. Since an
    average only approaches zero, synapses are removed far below the threshold, at one twentieth.

    Parameters
    ----------
    learning_period : float
        Time constant of the average, in learning events; positive.
    incidence_rate : float in (0, 1]
        The connection threshold: decrement / increment of the `UpDown` rule it stands for.

    Raises
    ------
    InputError
        Where `learning_period` is not positive, or `incidence_rate` not in (0, 1].

    Notes
    -----
    With presynaptic activity of probability q, independent from event to event, the stationary
    mean is q and the variance q (1 - q) alpha / (2 - alpha).

    Examples
    --------
    >>> rule = IncidenceRate(learning_period=10, incidence_rate=0.2)
    >>> rule.update(np.array([0.2, 0.2]), np.array([True, False])).round(4)
    array([0.2761, 0.181 ], dtype=float32)
    """

    learning_period: float = 10.0
    incidence_rate: float = 0.2

    def __post_init__(self) -> None:
        check_positive("learning_period", self.learning_period, unit="learning events")
        check_positive("incidence_rate", self.incidence_rate, high=1)

    @property
    def alpha(self) -> float:
        """Weight of the newest event."""
        return -math.expm1(-1.0 / self.learning_period)

    @property
    def connected_permanence(self) -> float:
        """The connection threshold is the incidence rate itself."""
        return self.incidence_rate

    @property
    def initial_permanence(self) -> float:
        """New synapses start at the threshold."""
        return self.incidence_rate

    @property
    def prune_below(self) -> float:
        """A twentieth of the threshold: log(20) learning periods without a hit."""
        return self.incidence_rate / 20.0

    @property
    def kernel_parameters(self) -> tuple[int, float, float]:
        """Kind, alpha, incidence rate."""
        return (INCIDENCE_RATE, self.alpha, self.incidence_rate)

    @property
    def capacity(self) -> float:
        """Average number of equally frequent patterns that a segment keeps apart."""
        return 1.0 / self.incidence_rate

    def update(
        self, permanence: NDArray[np.float32], active: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the permanences after one learning event.

        Parameters
        ----------
        permanence : ndarray of float, shape (n_synapses,)
            In [0, 1].
        active : ndarray of bool, shape (n_synapses,)
            Whether the presynaptic cell was active.

        Returns
        -------
        ndarray of float, shape (n_synapses,)
            In [0, 1].
        """
        return _affine(permanence, active, 1.0 - self.alpha, self.alpha, 0.0)


def check_rule(rule: PermanenceRule) -> PermanenceRule:
    """Return the rule if it can be used as one.

    Parameters
    ----------
    rule : PermanenceRule
        What is to be used as one.

    Returns
    -------
    PermanenceRule
        The same.

    Raises
    ------
    InputError
        If it has no method ``update``, or its `kernel_parameters` are of an unknown kind.
    """
    if not callable(getattr(rule, "update", None)):
        raise InputError(
            f"permanence_rule must have a method update(permanence, active), got {rule!r}"
        )
    affine_parameters(rule)
    return rule


def of_rule(rule: PermanenceRule, name: str) -> float:
    """Return the permanence `name` of a rule, or that of `UpDown` where it has none.

    Parameters
    ----------
    rule : PermanenceRule
    name : str
        ``connected_permanence``, ``initial_permanence`` or ``prune_below``.

    Returns
    -------
    float
        In [0, 1].
    """
    value: float = getattr(rule, name, getattr(UpDown, name))
    return value


def affine_parameters(rule: PermanenceRule) -> tuple[float, float, float] | None:
    """Return keep, gain when active and gain when inactive; None if the kernels do not know it.

    Parameters
    ----------
    rule : PermanenceRule

    Returns
    -------
    tuple of float, or None
        A permanence becomes keep × permanence + gain.

    Raises
    ------
    InputError
        If the rule's kind is not one of the kernels'.
    """
    parameters = getattr(rule, "kernel_parameters", None)
    if parameters is None:
        return None
    kind, a, b = parameters
    if kind == UP_DOWN:
        return 1.0, a, -b
    if kind == INCIDENCE_RATE:
        return 1.0 - a, a, 0.0
    raise InputError(f"permanence_rule must be of a kind the kernels know (0 or 1), got {kind}")


def updated(
    rule: PermanenceRule, permanence: NDArray[np.float32], active: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return what a rule makes of these permanences, checked.

    Parameters
    ----------
    rule : PermanenceRule
    permanence : ndarray of float32, shape (n_synapses,)
        In [0, 1].
    active : ndarray of bool, shape (n_synapses,)
        Whether the presynaptic cell was active.

    Returns
    -------
    ndarray of float32, shape (n_synapses,)
        In [0, 1].

    Raises
    ------
    InputError
        If the rule returns another shape, or permanences outside of [0, 1].
    """
    new = np.asarray(rule.update(permanence.copy(), active))
    if new.shape != permanence.shape:
        raise InputError(
            f"permanence_rule must return an array of shape {permanence.shape}, got {new.shape}"
        )
    wrong = new[~((new >= 0) & (new <= 1))]
    if wrong.size:
        raise InputError(f"permanence_rule must return permanences in [0, 1], got {wrong.flat[0]}")
    return np.ascontiguousarray(new, dtype=np.float32)


def _affine(
    permanence: NDArray[np.float32],
    active: NDArray[np.bool_],
    keep: float,
    gain_active: float,
    gain_inactive: float,
) -> NDArray[np.float32]:
    """Return clip(keep * p + gain) in float32, by the same operations as the compiled kernels."""
    p = check_numbers("permanence", permanence, 0, 1, ndim=None).astype(np.float32)
    if np.shape(active) != p.shape or np.asarray(active).dtype != np.bool_:
        raise InputError(
            f"active must be booleans of the shape {p.shape} of permanence, got "
            f"{np.asarray(active).dtype} of shape {np.shape(active)}"
        )
    gain = np.where(active, np.float32(gain_active), np.float32(gain_inactive))
    return np.clip(p * np.float32(keep) + gain, np.float32(0), np.float32(1))
