"""Reading, checking and writing scenario files."""
