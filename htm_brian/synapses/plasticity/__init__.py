"""Plasticity rules: what synapses learn while a network runs, and between two elements."""
