"""What follows: Leontief core, spillovers, coupling, scenarios, results, report, command line."""
