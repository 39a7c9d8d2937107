"""The spillover ledger from all sides: who gives to whom, how far, how fast, by which paths."""
