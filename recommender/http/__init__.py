"""What all answers share, whatever their route: problems, caching, timing, base paths."""
