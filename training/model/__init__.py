"""What is learned from a data set: film vectors, groups, labels."""
