"""How good it is beside others. Not part of the training function."""
