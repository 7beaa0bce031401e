"""How a served model is renewed: on which ratings, and whether films are still the same."""
