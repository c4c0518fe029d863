"""Models as keys: two with the same numbers are one, whatever file they come from."""

from __future__ import annotations

from htm_brian.parameters.tables import Model


class ByNumbers:
    """A model that is equal to another if the numbers are; a key of what was computed from it.

    Parameters
    ----------
    model : Model
    tables : tuple of str, optional
        Those that count; all of them if left out.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> network = load_model("minicolumns")
    >>> named = ByNumbers(network, ("relay",)), ByNumbers(load_model("minicolumns"), ("relay",))
    >>> len(set(named))
    1
    """

    def __init__(self, model: Model, tables: tuple[str, ...] | None = None) -> None:
        self.model = model
        names = [table.name for table in model.tables] if tables is None else tables
        self.numbers = tuple(
            (f"{name}.{key}", float(value)) for name in names for key, value in model[name].items()
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByNumbers) and self.numbers == other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers)
