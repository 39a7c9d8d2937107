"""Spillovers estimated from data with spatial lags, to stand beside those a table simulates."""
