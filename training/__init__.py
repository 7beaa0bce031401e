"""Training half: reads and checks data, fits the models, measures them, writes the artifact."""
