"""Speed, measured side by side: `python -m benchmarks NAME`.

A benchmark is a module with `add_options(parser)` and `run(options)`, which returns the lines to print; its name here
is how the command line knows it.
"""

BENCHMARKS = {"seed": "benchmarks.seed_speed"}
