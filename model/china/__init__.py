"""The one seam where the embedded economy meets the embedded network."""
