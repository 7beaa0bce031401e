"""What is stored: the packaged catalogue, and the ratings that users write."""
