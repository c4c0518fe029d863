"""The compiled loops of level 0."""
