"""The parts of an artifact besides the model: database and pictures."""
