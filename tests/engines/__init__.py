"""The engines against one machine: `make spark` runs these, in an environment with pyspark."""
