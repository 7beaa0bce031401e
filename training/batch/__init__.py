"""Recommendations for every user at once, in a file."""
