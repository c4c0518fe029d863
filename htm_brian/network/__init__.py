"""Minicolumns, inhibition and the spiking temporal memory."""
