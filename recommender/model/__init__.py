"""The model: an artifact goes in, films and scores come out. No HTTP, no SQL."""
