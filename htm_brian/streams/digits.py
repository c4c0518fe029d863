"""Images of digits: scikit-learn's, and MNIST from files that are there; no downloads."""

import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from htm_brian.errors import InputError

_PARTS = (("train-images", 3), ("train-labels", 1), ("t10k-images", 3), ("t10k-labels", 1))
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_UNSIGNED_BYTE = 0x08


class Digits(NamedTuple):
    """Images, one a row, from 0 (paper) to 1 (ink), and what they show."""

    train_images: NDArray[np.float64]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float64]
    test_labels: NDArray[np.int64]


def bundled_digits(seed: int) -> Digits:
    """Return scikit-learn's bundled digits (1,797 images of 8 x 8), half of them for training.

    Parameters
    ----------
    seed : int
        Seed of the choice of the half, in which all digits have their share.
    """
    # An optional package, so it is imported where it is used.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.5, random_state=seed, stratify=labels)
    return Digits(parts[0], parts[2], parts[1], parts[3])


def read_mnist(path: Path) -> Digits:
    """Read all four parts of MNIST.

    Parameters
    ----------
    path : Path
        A folder with the four IDX files as published (``train-images-idx3-ubyte``, ...; packed with
        gzip or not), or a ``.npz`` file with the arrays x_train, y_train, x_test and y_test.

    Raises
    ------
    InputError
        If a file is missing or is not what it should be.
    """
    if path.is_dir():
        arrays = [_read_idx(_find(path, stem, ndim), ndim) for stem, ndim in _PARTS]
    else:
        arrays = _read_npz(path)
    train_images, train_labels, test_images, test_labels = arrays
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        if images.ndim != 3 or labels.shape != (len(images),) or len(images) == 0:
            raise InputError(
                f"{path} must hold a label for each image, got images of shape {images.shape} "
                f"and labels of shape {labels.shape}"
            )
    return Digits(
        train_images.reshape(len(train_images), -1) / 255.0,
        train_labels.astype(np.int64),
        test_images.reshape(len(test_images), -1) / 255.0,
        test_labels.astype(np.int64),
    )


def _find(folder: Path, stem: str, ndim: int) -> Path:
    names = [f"{stem}{sep}idx{ndim}-ubyte{end}" for sep in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder} holds no {names[0]} (nor {names[1]}): put MNIST's four files there")


def _read_idx(path: Path, ndim: int) -> NDArray[np.uint8]:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    if data[:4] != bytes([0, 0, _UNSIGNED_BYTE, ndim]) or len(data) < 4 + 4 * ndim:
        raise InputError(f"{path} is not an IDX file of bytes with {ndim} dimensions")
    shape = np.frombuffer(data, dtype=">u4", count=ndim, offset=4).astype(int)
    values = np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * ndim)
    if values.size != shape.prod():
        raise InputError(f"{path} is cut short: {values.size} of {shape.prod()} bytes")
    return values.reshape(shape)


def _read_npz(path: Path) -> list[NDArray[np.uint8]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in _ARRAYS]
    except (OSError, ValueError, TypeError, KeyError, EOFError, AttributeError) as error:
        raise InputError(
            f"cannot read {path} as MNIST ({error}); give the folder of its four IDX files, or a "
            f".npz file with {', '.join(_ARRAYS)}"
        ) from None
