"""Inside nesting: inputs, shares, balancing and what it moves."""
