"""What all answers share, whatever their route: problems, caching, limits, timing."""
