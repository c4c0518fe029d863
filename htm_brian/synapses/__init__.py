"""Synaptic release, plasticity and structural change."""
