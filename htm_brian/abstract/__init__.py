"""Level 0: the abstract HTM, which needs no Brian2."""
