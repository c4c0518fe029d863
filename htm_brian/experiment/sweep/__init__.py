"""Protocols over ranges of their parameters and many seeds, on one machine or a cluster."""
