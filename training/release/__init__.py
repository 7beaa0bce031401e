"""Releases: a model becomes a layer, a version of the API function, and what its alias names."""
