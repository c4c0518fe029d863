"""From level 2 to level 1: what the reduced cell is fitted to, and the fit."""
