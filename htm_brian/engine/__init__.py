"""All that reaches into Brian2: integration, compiling, stepping, rewiring."""
