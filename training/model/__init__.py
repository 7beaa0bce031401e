"""What training learns from a data set: film vectors, clusters, labels."""
