"""What the economy is: tables in, balanced labelled tables out. Knows nothing of networks."""
