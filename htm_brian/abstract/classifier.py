"""SDR classifier: softmax regression from the on-bits of SDRs to classes, learned online."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_integers, check_number, check_positive, shown
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


class SDRClassifier:
    """Probability of each class given an SDR.

    The activation of a class is the sum of its weights from all on-bits, and the probabilities are
    the softmax of the activations. Learning is gradient ascent on the log likelihood, one sample at
    a time: each on-bit's weights move by learning_rate · (target - probability).

    Parameters
    ----------
    input_size : int
        Number of bits.
    n_classes : int
        Number of classes.
    learning_rate : float
        Step of the gradient, positive.

    Attributes
    ----------
    weights : ndarray of float64, shape (input_size, n_classes)
        Zero at the start: all classes alike.

    Raises
    ------
    InputError
        Where a size is below 1, or `learning_rate` not in (0, 100].

    Notes
    -----
    As NuPIC's SDR classifier (one layer after Bridle 1990), with a fixed number of classes.

    Examples
    --------
    >>> classifier = SDRClassifier(input_size=10, n_classes=3, learning_rate=1.0)
    >>> for _ in range(20):
    ...     classifier.learn(SDR(10, [1, 2, 3]), 2)
    >>> classifier.infer(SDR(10, [1, 2, 3])).argmax().item()
    2
    """

    def __init__(self, input_size: int, n_classes: int, learning_rate: float = 0.001) -> None:
        self.input_size = check_integer("input_size", input_size, low=1)
        self.n_classes = check_integer("n_classes", n_classes, low=1)
        self.learning_rate = check_positive("learning_rate", learning_rate)
        check_number("learning_rate", learning_rate, high=100)  # beyond, weights overflow
        self.weights = np.zeros((self.input_size, self.n_classes))

    def infer(self, sdr: SDR) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        sdr : SDR
            Of `input_size` bits.

        Returns
        -------
        ndarray of float64, shape (n_classes,)
            They sum to 1.

        Raises
        ------
        InputError
            If it is no SDR, or one of another size.
        """
        self._check(sdr)
        activation = self.weights[sdr.sparse].sum(axis=0)
        # The largest is taken off, so that none overflows.
        likelihood = np.exp(activation - activation.max())
        return likelihood / likelihood.sum()

    def learn(self, sdr: SDR, labels: int | Sequence[int]) -> None:
        """Learn one sample.

        Parameters
        ----------
        sdr : SDR
            Of `input_size` bits.
        labels : int or sequence of int
            Its class; or several, which then share the target equally.

        Raises
        ------
        InputError
            If it is no SDR or one of another size, or a label is no class.
        """
        self._check(sdr)
        target = self._target(labels)
        self.weights[sdr.sparse] += self.learning_rate * (target - self.infer(sdr))

    def _target(self, labels: int | Sequence[int]) -> NDArray[np.float64]:
        given = labels if isinstance(labels, Sequence | np.ndarray) else [labels]
        target = np.zeros(self.n_classes)
        for label in given:
            target[check_integer("label", label, low=0, high=self.n_classes - 1)] = 1.0
        if not target.any():
            raise InputError("labels must name at least one class, got none")
        return target / target.sum()

    def _check(self, sdr: SDR) -> None:
        if not isinstance(sdr, SDR):
            raise InputError(f"sdr must be an SDR, got {shown(sdr)}")
        if sdr.size != self.input_size:
            raise InputError(f"sdr must have input_size {self.input_size} bits, got {sdr.size}")


class SDRPredictor:
    """Probability of the classes of later elements of a stream, given the present SDR.

    One `SDRClassifier` for each number of steps ahead learns to tell an element's class from the
    SDR so many steps before it.

    Parameters
    ----------
    input_size, n_classes : int
        Bits of an SDR, and classes.
    steps : sequence of int
        How many steps ahead to predict; 0 is the element itself.
    learning_rate : float
        Step of the gradient, positive.

    Raises
    ------
    InputError
        Where a number is out of range, or `steps` names none.
    """

    def __init__(
        self,
        input_size: int,
        n_classes: int,
        steps: Sequence[int] = (1,),
        learning_rate: float = 0.001,
    ) -> None:
        given = check_integers("steps", steps, low=0)
        if len(given) == 0:
            raise InputError("steps must name at least one number of steps, got none")
        self.steps = tuple(sorted({int(step) for step in given}))
        self._classifiers = {
            step: SDRClassifier(input_size, n_classes, learning_rate) for step in self.steps
        }
        self._history: deque[SDR] = deque(maxlen=self.steps[-1])

    def compute(
        self, sdr: SDR, label: int | Sequence[int] | None = None
    ) -> dict[int, NDArray[np.float64]]:
        """Take in the next element and return the probabilities for each number of steps ahead.

        Parameters
        ----------
        sdr : SDR
            The element's SDR.
        label : int or sequence of int, optional
            The element's class, which is then learned, after the prediction was made; None: only
            predict.

        Returns
        -------
        dict of int to ndarray of float64, shape (n_classes,)
            By number of steps ahead.

        Raises
        ------
        InputError
            As `SDRClassifier.infer` and `SDRClassifier.learn`.
        """
        predicted = {step: self._classifiers[step].infer(sdr) for step in self.steps}
        latest = [*self._history, sdr]
        if label is not None:
            for step in self.steps:
                if step < len(latest):
                    self._classifiers[step].learn(latest[-1 - step], label)
        self._history.append(sdr)
        return predicted

    def reset(self) -> None:
        """Forget the latest elements, not what was learned: a new sequence begins."""
        self._history.clear()
