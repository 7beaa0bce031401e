"""AWS on one's own machine: moto's server, in which Lambda runs the functions as built."""

WHOAMI = "/aws-here"  # the path at which the server says which process it is
