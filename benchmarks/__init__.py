"""Speed, measured side by side: `python -m benchmarks` for the whole table, `python -m benchmarks NAME` for one.

A benchmark is a module with `add_options(parser)` and `run(options)`, which returns the lines to print; its name here
is how the command line knows it.
"""

BENCHMARKS = {"all": "benchmarks.whole", "seed": "benchmarks.seed_speed"}
