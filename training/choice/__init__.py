"""How settings are chosen: validation folds, metrics, the search."""
