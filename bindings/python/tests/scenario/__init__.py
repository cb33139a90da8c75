"""The runner of the scenarios in ``tests/vectors/scenarios``."""
