"""The steps of a run, in order, and what they share."""
