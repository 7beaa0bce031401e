"""Data sets: how they are read, checked and split."""
