"""What the map is: networks in, cost matrices and accessibility out. Knows nothing of io_tables."""
