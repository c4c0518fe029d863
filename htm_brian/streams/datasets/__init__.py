"""Real series that travel with the package; where they come from is in README.md beside them."""
