"""Metrics as pure functions over predictions and gold; each docstring is the metric's definition."""
