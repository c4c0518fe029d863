"""A level against its neighbour: recordings, agreement, and the runs they come from."""
