"""The training half: reads data, chooses hyperparameters, fits the model, writes the artifact."""
