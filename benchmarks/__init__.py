"""Load and performance programs; `make bench` runs `python -m benchmarks`. Never part of the test run."""
