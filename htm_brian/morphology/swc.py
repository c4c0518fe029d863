"""Reconstructions in SWC, as NeuroMorpho.org and tracing programs write them.

One line a point: number, type, x, y, z, radius, number of its parent or -1; micrometres; ``#``
begins a comment. Types are 1 soma, 2 axon, 3 basal dendrite, 4 apical dendrite; others are no
dendrites. A soma is written in several ways:

============ ============================================ ============================
convention   points                                       taken for
============ ============================================ ============================
one point    1                                            a sphere
three points 3: the centre, and two on it, a radius away  a cylinder with its surface
contour      4 or more, far apart for their radius        a sphere through its outline
stack        2 or more, one behind the other              a row of truncated cones
============ ============================================ ============================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htm_brian.errors import InputError

SOMA, AXON, BASAL, APICAL = 1, 2, 3, 4
LARGEST_FILE = 200_000_000
"""Bytes; a reconstruction has less than ten millions."""

CONTOUR = 3.0
"""A soma of points this many times farther from their middle than they are thick is an outline."""


@dataclass(frozen=True)
class Swc:
    """The points of a reconstruction, each after its parent.

    Attributes
    ----------
    kind : ndarray of int, shape (n_points,)
        Type of each point.
    place : ndarray of float, shape (n_points, 3)
        Micrometres.
    radius : ndarray of float, shape (n_points,)
        Micrometres.
    parent : ndarray of int, shape (n_points,)
        Place in these arrays; -1 where there is none.
    file : str
        Its name.
    thin : int
        Points without a thickness, which have that of their parent here.
    """

    kind: NDArray[np.int64]
    place: NDArray[np.float64]
    radius: NDArray[np.float64]
    parent: NDArray[np.int64]
    file: str
    thin: int

    @property
    def lengths(self) -> NDArray[np.float64]:
        """Micrometres from each point to its parent, shape (n_points,); 0 where there is none."""
        apart = np.linalg.norm(self.place - self.place[self.parent], axis=1)
        return np.where(self.parent < 0, 0.0, apart)


@dataclass(frozen=True)
class SomaSurface:
    """A soma: micrometres and square micrometres.

    Attributes
    ----------
    convention : str
        ``"one point"``, ``"three points"``, ``"contour"`` or ``"stack"``.
    area : float
        Square micrometres.
    radius : float
        Of a sphere with that area.
    """

    convention: str
    area: float

    @property
    def radius(self) -> float:
        """Of a sphere with that area."""
        return float(np.sqrt(self.area / (4 * np.pi)))


def read_swc(path: Path) -> Swc:
    """Read a reconstruction.

    Parameters
    ----------
    path : Path
        Of the file.

    Returns
    -------
    Swc
        Each point after its parent.

    Raises
    ------
    InputError
        If the file cannot be read, a line is none, a parent is missing, or the points go round in
        a circle.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is larger than {LARGEST_FILE // 10**6} MB: no reconstruction")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    numbers: dict[int, tuple[int, ...]] = {}
    rows: list[tuple[float, ...]] = []
    for line, content in enumerate(text.splitlines(), start=1):
        words = content.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        point = _point(words, f"{path}, line {line}")
        if point[0] in numbers:
            raise InputError(f"{path}, line {line}: point {point[0]} was there already")
        numbers[point[0]] = (len(rows), point[2])
        rows.append((float(point[1]), *point[3]))
    if not rows:
        raise InputError(f"{path} holds no point; SWC has lines such as 1 1 0 0 0 8.5 -1")
    parents = np.full(len(rows), -1)
    for number, (row, parent) in numbers.items():
        if parent >= 0 and parent not in numbers:
            raise InputError(f"{path}: the parent {parent} of point {number} is not there")
        parents[row] = numbers[parent][0] if parent >= 0 else -1
    return _in_order(np.array(rows), parents, path)


def _point(words: list[str], where: str) -> tuple[int, int, int, tuple[float, ...]]:
    """Return number, type, parent and (x, y, z, radius) of a line."""
    if len(words) < 7:
        raise InputError(
            f"{where}: a point has number, type, x, y, z, radius and parent, got {len(words)} "
            f"{'word' if len(words) == 1 else 'words'}"
        )
    try:
        number, kind, parent = (int(float(words[k])) for k in (0, 1, 6))
        values = tuple(float(word) for word in words[2:6])
    except (ValueError, OverflowError):
        raise InputError(f"{where}: {' '.join(words[:7])[:60]!r} are not seven numbers") from None
    if not np.isfinite(values).all():
        raise InputError(f"{where}: a place or radius is not finite")
    if values[3] < 0 or (values[3] == 0 and kind == SOMA):
        raise InputError(f"{where}: the radius must be positive, got {values[3]:g}")
    if number < 0:
        raise InputError(f"{where}: the number of a point must not be negative, got {number}")
    if number == parent:
        raise InputError(f"{where}: point {number} is its own parent")
    return number, kind, parent, values


def _in_order(rows: NDArray[np.float64], parents: NDArray[np.int64], path: Path) -> Swc:
    """Sort the points so that each comes after its parent."""
    children: dict[int, list[int]] = {}
    for row, parent in enumerate(parents.tolist()):
        children.setdefault(parent, []).append(row)
    order: list[int] = []
    waiting = children.get(-1, [])[::-1]
    while waiting:
        row = waiting.pop()
        order.append(row)
        waiting += children.get(row, [])[::-1]
    if len(order) < len(rows):
        lost = sorted(set(range(len(rows))) - set(order))[0]
        raise InputError(f"{path}: points go round in a circle, one of them the {lost + 1}th")
    now = np.empty(len(rows) + 1, dtype=np.int64)
    now[order], now[-1] = np.arange(len(rows)), -1
    found, parent = rows[order], now[parents[order]]
    thin = np.flatnonzero(found[:, 4] == 0)
    for row in thin:
        if parent[row] < 0:
            raise InputError(f"{path}: a piece begins with a point without a radius")
        found[row, 4] = found[parent[row], 4]
    kind = found[:, 0].astype(np.int64)
    return Swc(kind, found[:, 1:4], found[:, 4], parent, path.name, len(thin))


def soma_surface(swc: Swc) -> SomaSurface:
    """Return the surface of the soma.

    Parameters
    ----------
    swc : Swc
        With points of type 1.

    Returns
    -------
    SomaSurface
        By the convention that its points follow.

    Raises
    ------
    InputError
        If there is no soma.
    """
    rows = np.flatnonzero(swc.kind == SOMA)
    if rows.size == 0:
        raise InputError(
            f"{swc.file} has no soma: no point of type 1; add one, such as 1 1 x y z radius -1"
        )
    place, radius = swc.place[rows], swc.radius[rows]
    if rows.size == 1:
        return SomaSurface("one point", float(4 * np.pi * radius[0] ** 2))
    away = np.linalg.norm(place - place[0], axis=1)
    aside = swc.parent[rows[1:]] == rows[0]
    if rows.size == 3 and aside.all() and np.allclose(away[1:], radius[0], rtol=0.1):
        return SomaSurface("three points", float(4 * np.pi * radius[0] ** 2))
    outline = np.linalg.norm(place - place.mean(axis=0), axis=1)
    if rows.size >= 4 and outline.mean() > CONTOUR * radius.mean():
        return SomaSurface("contour", float(4 * np.pi * outline.mean() ** 2))
    inside = rows[np.isin(swc.parent[rows], rows)]
    return SomaSurface("stack", float(areas(swc)[inside].sum()))


def areas(swc: Swc) -> NDArray[np.float64]:
    """Return the side of the truncated cone from each point's parent to it; 0 without a parent.

    Parameters
    ----------
    swc : Swc

    Returns
    -------
    ndarray of float, shape (n_points,)
        Square micrometres.
    """
    before = swc.radius[swc.parent]
    slant = np.hypot(swc.lengths, swc.radius - before)
    return np.where(swc.parent < 0, 0.0, np.pi * (swc.radius + before) * slant)
