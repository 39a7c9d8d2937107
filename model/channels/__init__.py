"""What a scenario sets in motion beside demand and sourcing: one room a channel."""
