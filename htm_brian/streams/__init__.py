"""Series, the streams of active columns made of them, and sequence tasks."""
