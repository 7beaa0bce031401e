"""Choosing hyperparameters: validation folds, metrics, search."""
