"""Stored runs for other tools: Neo, NWB, Zarr, CSV, and figures drawn again."""
