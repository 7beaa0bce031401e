"""AWS on one's own machine: moto's server, in which Lambda runs the functions as built."""
