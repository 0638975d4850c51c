"""Experiments with the machine: scenarios, realism, benchmarks."""
