"""Benchmarks of speed, size, growth and cost."""
