"""Reading, checking and splitting data sets."""
