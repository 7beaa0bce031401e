"""One module for each layout of data; ``training.data.read`` picks among them."""
