"""Benchmarks: what the project promises of speed, size and growth, measured."""
