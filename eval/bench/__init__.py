"""Benchmarks: the measured thing, a baseline of the same run, and their ratio. Fixtures are fixed."""
