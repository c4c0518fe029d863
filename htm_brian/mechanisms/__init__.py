"""One membrane or receptor mechanism a module."""
