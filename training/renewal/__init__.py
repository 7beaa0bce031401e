"""Renewal: what starts a training, what it trains on, and the gate before a release."""
