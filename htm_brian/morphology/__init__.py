"""Reconstructed cells (SWC) and what of them a model of level 2 can keep."""
