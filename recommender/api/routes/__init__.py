"""The routes: one file for each group, each with its router."""
