"""The ledger on the command line: what grows, and the views of what that brings about."""
