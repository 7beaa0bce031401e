"""Accuracy compared with baselines. The training function ships without this folder."""
