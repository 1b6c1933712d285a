"""Evaluation and benchmarks: they measure what `serve.wiring` builds, so what is measured is what ships."""
