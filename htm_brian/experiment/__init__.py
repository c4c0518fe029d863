"""Protocols and all they need to run: checks, results, reports."""
