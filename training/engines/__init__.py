"""Engines that train on more ratings than one machine holds."""
