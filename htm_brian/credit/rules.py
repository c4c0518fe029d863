r"""Rules that teach hidden layers of rates by what their own cells can tell.

======================  ==========================================================================
rule                    the error of a hidden cell
======================  ==========================================================================
`Backpropagation`       :math:`h (1 - h)\, W^T \delta`: for comparison
`BurstTeaching`         bursts less what the share of bursts so far lets expect
`SegregatedDendrites`   the plateau while outputs are taught, less the one before
`TargetPropagation`     a target of its own less its rate; the target comes by a learned inverse
`Frozen`                none: only the outputs learn
======================  ==========================================================================

**Bursts** (Payeur et al. 2021, Nat Neurosci 24:1010, the coarse-grained form). A teacher changes
the burst rate of an output cell with event rate e and share of bursts p0 by :math:`\kappa (t - e)`,
as far as a share of bursts in [0, 1] allows. Burst rates b = p e go down by feedback weights B, and
make the share of bursts of a hidden cell :math:`p = \sigma(\beta\, (1 - h)\, B b)`. A synapse
changes by :math:`(b - \bar p\, e)` times the presynaptic rate, where :math:`\bar p` is the share
before the teacher came, on which its running average has settled.

**Segregated dendrites** (Guerguiev et al. 2017, eLife 6:e22901). The apical dendrite sees outputs
by fixed weights Y. Its plateau is :math:`\alpha = \sigma(Y y)` in the forward phase, and
:math:`\sigma(Y t)` in the target phase, in which outputs are driven to their targets. The target
of a hidden cell is its rate plus the difference of the two.

**Difference target propagation** (Lee et al. 2015, ECML PKDD, LNCS 9284:498). An inverse g of the
layer above is learned from noisy rates. The target of the outputs is a step towards the true one,
that of a hidden layer is :math:`h + g(\hat y) - g(y)`, which is exact where g is no inverse, too.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from htm_brian.credit.rates import Change, RateNetwork, change_of
from htm_brian.parameters import Key, Table

Floats = NDArray[np.float64]


class CreditRule(Protocol):
    """What a network is taught by."""

    def changes(self, network: RateNetwork, inputs: Floats, targets: Floats) -> list[Change]:
        """Return the change of each layer for some examples; what the rule itself learns, it does.

        Parameters
        ----------
        inputs, targets : ndarray of shape (n_examples, n_inputs), (n_examples, n_outputs)
        """
        ...

    def local_loss(self, network: RateNetwork, inputs: Floats, targets: Floats) -> float:
        """Return the mean square of the hidden cells' own errors: what the rule itself lowers."""
        ...


class Teaching:
    """Errors of hidden cells, layer by layer, times what they see."""

    keys: ClassVar[dict[str, Key]] = {}

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return the errors of all layers but the inputs."""
        raise NotImplementedError

    def changes(self, network: RateNetwork, inputs: Floats, targets: Floats) -> list[Change]:
        """Return errors times inputs, layer by layer."""
        rates = network.forward(inputs)
        errors = self.errors(network, rates, targets)
        return [change_of(error, below) for error, below in zip(errors, rates, strict=False)]

    def local_loss(self, network: RateNetwork, inputs: Floats, targets: Floats) -> float:
        """Return the mean square of the hidden cells' own errors."""
        errors = self.errors(network, network.forward(inputs), targets)[:-1]
        return float(np.mean([(error**2).mean() for error in errors])) if errors else 0.0


class Backpropagation(Teaching):
    """The gradient itself."""

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return the errors that the chain rule gives."""
        found = [targets - rates[-1]]
        for layer in range(len(network.weights) - 1, 0, -1):
            here = rates[layer]
            found.insert(0, (found[0] @ network.weights[layer]) * here * (1 - here))
        return found


class Frozen(Teaching):
    """Hidden layers stay what they are."""

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return an error for the outputs alone."""
        return [*(np.zeros_like(each) for each in rates[1:-1]), targets - rates[-1]]


class BurstTeaching(Teaching):
    """Shares of bursts carry the error down.

    Parameters
    ----------
    network : RateNetwork
        Whose feedback weights are drawn.
    table : Table
        Numbers of the rule, see `keys`.
    rng : Generator
    symmetric : bool
        Whether feedback follows the weights of the way up, in the place of fixed random ones.
    """

    keys: ClassVar[dict[str, Key]] = {
        "reference_share": Key("1", "share of bursts of an output without a teacher"),
        "teaching_gain": Key("1", "kappa, change of an output's burst rate for an error of 1"),
        "dendritic_gain": Key("1", "beta, from burst rates above to the dendrite's input"),
        "feedback_deviation": Key("1", "standard deviation of random feedback weights"),
    }

    def __init__(
        self,
        network: RateNetwork,
        table: Table,
        rng: np.random.Generator,
        *,
        symmetric: bool = False,
    ) -> None:
        self._share, self._gain = float(table["reference_share"]), float(table["dendritic_gain"])
        self._teaching, size = float(table["teaching_gain"]), float(table["feedback_deviation"])
        self._feedback = None
        if not symmetric:
            self._feedback = [size * rng.standard_normal(each.shape) for each in network.weights]

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return bursts less those that are expected."""
        events = rates[-1]
        before = self._share * events
        now = np.clip(before + self._teaching * (targets - events), 0, events)
        found = [now - before]
        feedback = network.weights if self._feedback is None else self._feedback
        for layer in range(len(network.weights) - 1, 0, -1):
            events = rates[layer]
            gain = self._gain * (1 - events)
            before = expit(gain * (before @ feedback[layer])) * events
            now = expit(gain * (now @ feedback[layer])) * events
            found.insert(0, now - before)
        return found


class SegregatedDendrites(Teaching):
    """Two plateaus of a hidden cell, before and while the outputs are taught.

    Parameters are those of `BurstTeaching`, without `symmetric`.
    """

    keys: ClassVar[dict[str, Key]] = {
        "apical_deviation": Key("1", "standard deviation of the weights of outputs on dendrites"),
    }

    def __init__(self, network: RateNetwork, table: Table, rng: np.random.Generator) -> None:
        n_outputs = len(network.biases[-1])
        size = float(table["apical_deviation"])
        self._apical = [
            size * rng.standard_normal((n_outputs, len(each))) for each in network.biases[:-1]
        ]

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return the difference of plateaus, times the slope of the rate."""
        found = []
        for apical, here in zip(self._apical, rates[1:-1], strict=True):
            plateaus = expit(targets @ apical) - expit(rates[-1] @ apical)
            found.append(plateaus * here * (1 - here))
        return [*found, targets - rates[-1]]


class TargetPropagation(Teaching):
    """Targets of each layer, by inverses that are learned.

    Parameters are those of `BurstTeaching`, without `symmetric`.
    """

    keys: ClassVar[dict[str, Key]] = {
        "target_step": Key("1", "share of the way from the outputs to their true targets"),
        "inverse_rate": Key("1", "learning rate of the inverses"),
        "inverse_noise": Key("1", "standard deviation of the noise by which they are learned"),
    }

    def __init__(self, network: RateNetwork, table: Table, rng: np.random.Generator) -> None:
        self._step, self._rate = float(table["target_step"]), float(table["inverse_rate"])
        self._noise, self._rng = float(table["inverse_noise"]), rng
        # Of layer l + 1 back to layer l; the inputs need no target.
        self._inverses = RateNetwork(
            [rng.standard_normal(w.T.shape) / np.sqrt(len(w)) for w in network.weights[1:]],
            [np.zeros(w.shape[1]) for w in network.weights[1:]],
            "logistic",
        )

    def errors(self, network: RateNetwork, rates: list[Floats], targets: Floats) -> list[Floats]:
        """Return targets less rates, times the slope of the rate."""
        found = [targets - rates[-1]]
        target = rates[-1] + self._step * found[0]
        for layer in range(len(network.weights) - 1, 0, -1):
            here = rates[layer]
            back = self._back(layer, target) - self._back(layer, rates[layer + 1])
            target = here + back
            found.insert(0, back * here * (1 - here))
        return found

    def changes(self, network: RateNetwork, inputs: Floats, targets: Floats) -> list[Change]:
        """Let the inverses learn, then return errors times inputs."""
        rates = network.forward(inputs)
        for layer in range(1, len(network.weights)):
            noisy = rates[layer] + self._noise * self._rng.standard_normal(rates[layer].shape)
            part = RateNetwork(
                network.weights[layer : layer + 1], network.biases[layer : layer + 1], "logistic"
            )
            if layer == len(network.weights) - 1:
                part.output = network.output
            above = part.forward(noisy)[-1]
            again = self._back(layer, above)
            change = change_of((noisy - again) * again * (1 - again), above)
            self._inverses.weights[layer - 1] += self._rate * change.weights
            self._inverses.biases[layer - 1] += self._rate * change.biases
        return super().changes(network, inputs, targets)

    def _back(self, layer: int, above: Floats) -> Floats:
        """Return the rates of a hidden layer that the inverse finds for those above."""
        weights, biases = self._inverses.weights[layer - 1], self._inverses.biases[layer - 1]
        found: Floats = expit(above @ weights.T + biases)
        return found
