r"""HTM's local rule as a hidden layer: winners learn the inputs that they won with.

Cells with most connected synapses to on-bits win; permanences of winners go up to inputs that are
on, and down to those that are off (`htm_brian.abstract.permanence.UpDown`). No target takes part.
Where winners are boosted, as in the spatial pooler (Cui et al. 2017, Front Comput Neurosci 11:111),
overlaps are compared after multiplication by exp(strength times (share that wins less duty cycle)).
With the winners fixed, the change is the gradient of

.. math::

    J = \Big\langle \sum_{i\ \mathrm{wins}} \sum_j p_{ij}\, \big((a + d)\, x_j - d\big) \Big\rangle

with increment a and decrement d: a score of how well permanences fit the inputs at which their cell
wins. The outputs learn by the error of the task, as they do under every other rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import UpDown
from htm_brian.arguments import check_integer, check_number
from htm_brian.credit.rates import RateNetwork, change_of

Floats = NDArray[np.float64]


class WinnersNetwork:
    """A hidden layer of winners, and linear outputs that are compared by a softmax.

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
    rng : Generator
        Of the first permanences, spread around the threshold.
    rule : UpDown
    winners : int
        Cells that win.
    on_above : float
        Inputs above this are on.
    boost_strength : float
        Of those that win less often than others; 0: none is boosted.
    duty_cycle_period : int
        Examples over which it is averaged how often a cell wins.

    Attributes
    ----------
    permanence : ndarray of shape (n_hidden, n_inputs)
    duty_cycle : ndarray of shape (n_hidden,)
        Share of the examples that a cell wins; moves whether or not the permanences do.
    readout : RateNetwork
        Weights and biases of the outputs.
    """

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_outputs: int,
        rng: np.random.Generator,
        *,
        rule: UpDown,
        winners: int,
        on_above: float = 0.5,
        boost_strength: float = 0.0,
        duty_cycle_period: int = 1000,
    ) -> None:
        self.rule, self.on_above = rule, check_number("on_above", on_above, low=0, high=1)
        self.winners = check_integer("winners", winners, low=1, high=n_hidden)
        self.boost_strength = check_number("boost_strength", boost_strength, low=0)
        self._period = check_integer("duty_cycle_period", duty_cycle_period, low=1)
        self.duty_cycle, self._seen = np.full(n_hidden, self.winners / n_hidden), 0
        self.permanence = rng.uniform(0.3, 0.7, (n_hidden, n_inputs))
        # Among cells of equal overlap the lower index would always win.
        self._tie = 1e-3 * rng.random(n_hidden)
        self.readout = RateNetwork([np.zeros((n_outputs, n_hidden))], [np.zeros(n_outputs)])

    def hidden(self, inputs: Floats) -> Floats:
        """Return ones for the winners, an array of shape (n_examples, n_hidden)."""
        connected = self.permanence >= self.rule.connected_permanence
        overlap = (inputs > self.on_above).astype(float) @ connected.T.astype(float)
        overlap = overlap * self.boost_factors() + self._tie
        found = np.zeros_like(overlap)
        best = np.argpartition(-overlap, self.winners - 1, axis=1)[:, : self.winners]
        np.put_along_axis(found, best, 1.0, axis=1)
        return found

    def boost_factors(self) -> Floats:
        """Return by what overlaps are multiplied before they are compared, for each cell."""
        target = self.winners / len(self.duty_cycle)
        found: Floats = np.exp(self.boost_strength * (target - self.duty_cycle))
        return found

    def rates(self, inputs: Floats) -> Floats:
        """Return the outputs' rates, an array of shape (n_examples, n_outputs)."""
        return self.readout.forward(self.hidden(inputs))[-1]

    def loss(self, inputs: Floats, targets: Floats) -> float:
        """Return the mean cross-entropy."""
        return self.readout.loss(self.hidden(inputs), targets)

    def learn(self, inputs: Floats, targets: Floats, learning_rate: float, hidden: bool) -> None:
        """Let outputs learn by their error, and the hidden layer by the local rule if it shall."""
        active = self.hidden(inputs)
        self.readout.add(self.readout.gradient(active, targets), learning_rate)
        for wins in active:
            self._seen += 1
            self.duty_cycle += (wins - self.duty_cycle) / min(self._seen, self._period)
        if not hidden:
            return
        for example, wins in zip(inputs > self.on_above, active > 0, strict=True):
            rows = self.permanence[wins].astype(np.float32)
            seen = np.broadcast_to(example, rows.shape)
            self.permanence[wins] = self.rule.update(rows, seen)

    def local_change(self, inputs: Floats) -> Floats:
        """Return what the local rule would add to permanences, on average, away from the ends."""
        up, down = self.rule.increment, self.rule.decrement
        score = (up + down) * (inputs > self.on_above) - down
        found: Floats = self.hidden(inputs).T @ score / len(inputs)
        return found

    def fit(self, inputs: Floats) -> float:
        """Return J, which the local rule raises."""
        return float((self.local_change(inputs) * self.permanence).sum())

    def task_descent(self, inputs: Floats, targets: Floats) -> Floats:
        """Return the task's steepest descent at permanences, as if cells were linear in them."""
        error = (targets - self.rates(inputs)) @ self.readout.weights[0]
        return change_of(error, (inputs > self.on_above).astype(float)).weights
