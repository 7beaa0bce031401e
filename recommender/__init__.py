"""Serving half: loads an artifact folder and answers film recommendations over HTTP."""
