"""Cells put together from a model file: trees of compartments, and the reduced cell."""
