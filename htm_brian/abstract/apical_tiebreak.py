"""Temporal memory in which apical input breaks ties among basally predicted cells.

Semantics of Numenta's ApicalTiebreak temporal memory. Each cell has basal and apical segments:

- A cell with an active basal segment is predicted, unless another cell of its column has both an
  active basal and an active apical segment: with feedback, only the cells that it supports.
- While not learning, an active apical segment lowers the threshold of the cell's basal segments.
- Apical input alone predicts nothing.
- Learning of basal segments is that of `TemporalMemory`. Each winner also learns on its active
  apical segments, or its best matching one, or a new one.

`ApicalTiebreakPairMemory` predicts a step from the basal and apical input of the same step.
`ApicalTiebreakSequenceMemory` takes its own active cells as basal input for the next step.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from htm_brian.abstract.apical_memory import ApicalTiebreakMemory
from htm_brian.abstract.indices import NOTHING, Indices, as_indices
from htm_brian.arguments import check_truth

__all__ = ["ApicalTiebreakMemory", "ApicalTiebreakPairMemory", "ApicalTiebreakSequenceMemory"]


class ApicalTiebreakPairMemory(ApicalTiebreakMemory):
    """Predicts the active columns of a step from basal and apical input of the same step.

    Parameters are those of `ApicalTiebreakMemory`.

    Examples
    --------
    >>> memory = ApicalTiebreakPairMemory(columns=8, cells_per_column=2, basal_input_size=6,
    ...     apical_input_size=6, activation_threshold=2, min_threshold=2, initial_permanence=0.5)
    >>> memory.compute([0, 1], basal_input=[0, 1, 2], apical_input=[3, 4])
    >>> memory.compute([0, 1], basal_input=[0, 1, 2], apical_input=[3, 4], learn=False)
    >>> memory.anomaly, memory.predicted_columns.tolist()
    (0.0, [0, 1])
    """

    @property
    def predicted_cells(self) -> Indices:
        """Cells that were predicted for the last step."""
        return self._predicted_cells.copy()

    def compute(
        self,
        active_columns: ArrayLike,
        basal_input: ArrayLike = (),
        apical_input: ArrayLike = (),
        basal_growth_candidates: ArrayLike | None = None,
        apical_growth_candidates: ArrayLike | None = None,
        learn: bool = True,
    ) -> None:
        """Predict from the inputs, activate cells, learn.

        Parameters
        ----------
        active_columns, basal_input, apical_input : array_like of int
            Sorted, each once.
        basal_growth_candidates, apical_growth_candidates : array_like of int, optional
            Inputs that segments may grow synapses to; all active ones when left out.
        learn : bool, default=True
        """
        columns = as_indices("active_columns", active_columns, self.columns)
        check_truth("learn", learn)
        basal = as_indices("basal_input", basal_input, self.basal.n_inputs)
        apical = as_indices("apical_input", apical_input, self.apical.n_inputs)
        basal_candidates, apical_candidates = basal, apical
        if basal_growth_candidates is not None:
            basal_candidates = as_indices(
                "basal_growth_candidates", basal_growth_candidates, self.basal.n_inputs
            )
        if apical_growth_candidates is not None:
            apical_candidates = as_indices(
                "apical_growth_candidates", apical_growth_candidates, self.apical.n_inputs
            )
        self._depolarise(basal, apical, learn)
        self._activate(columns, basal, apical, basal_candidates, apical_candidates, learn)


class ApicalTiebreakSequenceMemory(ApicalTiebreakMemory):
    """Predicts the next active columns from its own active cells and from apical input.

    Parameters are those of `ApicalTiebreakMemory` without `basal_input_size`. Has the interface
    of `TemporalMemory`.
    """

    def __init__(
        self, columns: int, cells_per_column: int, apical_input_size: int, **options: object
    ) -> None:
        self._forget_apical()
        super().__init__(
            columns,
            cells_per_column,
            columns * cells_per_column,
            apical_input_size,
            **options,  # type: ignore[arg-type]
        )

    _saved = (*ApicalTiebreakMemory._saved, "apical_input", "apical_candidates")

    def _config(self) -> dict[str, Any]:
        config = super()._config()
        del config["basal_input_size"]
        return config

    def _forget_apical(self) -> None:
        self._apical_input = self._apical_candidates = NOTHING

    def reset(self) -> None:
        """Forget the present: no active cells, no winners, no prediction. Segments stay."""
        super().reset()
        self._forget_apical()

    @property
    def predictive_cells(self) -> Indices:
        """Cells that are predicted for the next step."""
        return self._predicted_cells.copy()

    def compute(
        self,
        active_columns: ArrayLike,
        learn: bool = True,
        *,
        apical_input: ArrayLike = (),
        apical_growth_candidates: ArrayLike | None = None,
    ) -> None:
        """Activate cells, learn from what was predicted, predict the next step.

        Parameters
        ----------
        active_columns : array_like of int
            Sorted, each once.
        learn : bool, default=True
        apical_input : array_like of int
            Active apical inputs, sorted: they take part in the prediction of the next step.
        apical_growth_candidates : array_like of int, optional
            Those of them that segments may grow synapses to; all when left out.
        """
        columns = as_indices("active_columns", active_columns, self.columns)
        check_truth("learn", learn)
        apical = as_indices("apical_input", apical_input, self.apical.n_inputs)
        candidates = apical
        if apical_growth_candidates is not None:
            candidates = as_indices(
                "apical_growth_candidates", apical_growth_candidates, self.apical.n_inputs
            )
        self._activate(
            columns,
            self._active_cells,
            self._apical_input,
            self._winner_cells,
            self._apical_candidates,
            learn,
        )
        self._depolarise(self._active_cells, apical, learn)
        self._apical_input, self._apical_candidates = apical, candidates
