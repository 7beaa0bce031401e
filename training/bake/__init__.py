"""What an artifact holds besides the model: the database and the pictures."""
