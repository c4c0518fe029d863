"""The bundled digits, and MNIST's file formats from small files made here."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.streams.digits import bundled_digits, read_mnist


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "x_train": rng.integers(0, 256, (6, 4, 3), dtype=np.uint8),
        "y_train": rng.integers(0, 10, 6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (2, 4, 3), dtype=np.uint8),
        "y_test": rng.integers(0, 10, 2, dtype=np.uint8),
    }


def write_idx(path: Path, values: np.ndarray) -> None:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
    data = head + values.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_folder(folder: Path, end: str = "") -> None:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for name, values in zip(names, arrays().values(), strict=True):
        write_idx(folder / f"{name}-ubyte{end}", values)


@pytest.mark.parametrize("kind", ["plain", "packed", "npz"])
def test_all_formats_give_the_same_digits(tmp_path: Path, kind: str) -> None:
    if kind == "npz":
        np.savez(tmp_path / "mnist.npz", **arrays())  # type: ignore[arg-type]
        digits = read_mnist(tmp_path / "mnist.npz")
    else:
        write_folder(tmp_path, ".gz" if kind == "packed" else "")
        digits = read_mnist(tmp_path)
    wanted = arrays()
    np.testing.assert_array_equal(digits.train_images, wanted["x_train"].reshape(6, 12) / 255)
    np.testing.assert_array_equal(digits.test_labels, wanted["y_test"])
    assert digits.test_images.shape == (2, 12)


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no train-images-idx3-ubyte"):
        read_mnist(tmp_path)
    with pytest.raises(InputError, match="cannot read .*no.npz"):
        read_mnist(tmp_path / "no.npz")
    np.savez(tmp_path / "other.npz", x_train=np.zeros(3))
    with pytest.raises(InputError, match="with x_train, y_train, x_test, y_test"):
        read_mnist(tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match="cannot read .*text.npz"):
        read_mnist(tmp_path / "text.npz")
    write_folder(tmp_path)
    whole = (tmp_path / "t10k-images-idx3-ubyte").read_bytes()
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(whole[:-3])
    with pytest.raises(InputError, match="is cut short: 21 of 24 bytes"):
        read_mnist(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"hello")
    with pytest.raises(InputError, match="is not an IDX file of bytes with 3 dimensions"):
        read_mnist(tmp_path)
    write_idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros((3, 4, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="must hold a label for each image"):
        read_mnist(tmp_path)


def test_bundled_digits_are_split_in_halves_by_seed() -> None:
    pytest.importorskip("sklearn")
    digits, again, other = bundled_digits(3), bundled_digits(3), bundled_digits(4)
    assert digits.train_images.shape == (898, 64) and digits.test_images.shape == (899, 64)
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    np.testing.assert_array_equal(digits.train_images, again.train_images)
    assert not np.array_equal(digits.train_images, other.train_images)
    counts = np.bincount(digits.train_labels) - np.bincount(digits.test_labels)
    assert np.abs(counts).max() <= 1
