"""Measurement of what a classifier gains by the scores of the layer, with both controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.real_valued_layer import RealValuedLayer
from htm_brian.experiment.progress import Progress
from htm_brian.streams.digits import Digits, bundled_digits

if TYPE_CHECKING:
    from htm_brian.protocols.real_valued_layer import RealValuedLayerParameters

FEATURES = ("raw pixels", "untrained templates", "learned templates")
N_SHOWN = 10
"""Templates kept for the figure."""


def classify(
    parameters: RealValuedLayerParameters, mnist: Digits | None, progress: Progress
) -> xr.Dataset:
    """Classify by raw pixels, by untrained and by learned templates, on every split."""
    n_splits = parameters.splits if mnist is None else 1
    accuracy = np.full((n_splits, len(FEATURES)), np.nan)
    contents: dict[str, Any] = {}
    progress.begin("classifiers", n_splits * len(FEATURES))
    for split in range(n_splits):
        digits = bundled_digits(parameters.seed + split) if mnist is None else mnist
        layer = parameters.layer(digits.train_images.shape[1], parameters.seed + split)
        untrained = layer.weights.copy()
        for place, feature in enumerate(FEATURES):
            if feature == "learned templates":
                _learn(layer, digits.train_images, parameters, split)
            train, test = (
                images if feature == "raw pixels" else layer.compute(images, learn=False)
                for images in (digits.train_images, digits.test_images)
            )
            accuracy[split, place] = logistic_accuracy(digits, train, test)
            progress.advance()
            if progress.interrupted:
                break
        if split == 0:
            contents = _templates(untrained, layer)
        if progress.interrupted:
            break
    contents["accuracy"] = (("split", "feature"), accuracy)
    images = "bundled digits" if mnist is None else "MNIST"
    return xr.Dataset(contents, coords={"feature": list(FEATURES)}, attrs={"images": images})


def logistic_accuracy(
    digits: Digits, train: NDArray[np.float64], test: NDArray[np.float64]
) -> float:
    """Return the share of test images that a logistic classifier on these features gets right."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    # On matrices this small several threads wait for each other: 40 times as long, measured.
    with threadpool_limits(1):
        classifier.fit(train, digits.train_labels)
        return float(classifier.score(test, digits.test_labels))


def _learn(
    layer: RealValuedLayer,
    images: NDArray[np.float64],
    parameters: RealValuedLayerParameters,
    split: int,
) -> None:
    rng = np.random.default_rng([parameters.seed, split])
    for _ in range(parameters.epochs):
        layer.compute(rng.permutation(images))


def _templates(untrained: NDArray[np.float64], layer: RealValuedLayer) -> dict[str, Any]:
    """Return the templates that learned most, before and after."""
    most = np.argsort(-layer.n_learned, kind="stable")[:N_SHOWN]
    pixels = ("template", "pixel")
    return {
        "template_before": (pixels, untrained[most]),
        "template_after": (pixels, layer.weights[most]),
        "n_learned": ("neuron", layer.n_learned),
    }
