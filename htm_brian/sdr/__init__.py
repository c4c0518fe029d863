"""Sparse distributed representations: closed forms, mapping to spikes, read-outs; arrays only."""
