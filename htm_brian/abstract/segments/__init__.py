"""The store of segments: its arrays, its layout, and the table in which segments are exchanged."""
