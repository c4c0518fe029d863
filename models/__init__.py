"""Model files: every number with its unit and source."""
