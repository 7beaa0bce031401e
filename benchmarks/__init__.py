"""Benchmarks: `make bench` runs all; each writes its results with the facts of the machine."""
