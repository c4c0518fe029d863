"""What stored results say of every claim of the discussions, as a static site."""
