"""One module per experiment: stimulus, measurement, checks."""
