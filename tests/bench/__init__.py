"""The benchmarks: what a user notices, measured in a real browser beside a floor of the same run.

``python -m tests.bench`` measures all groups and writes docs/benchmarks.md;
``python -m tests.bench lag stop`` measures two and prints them.
Neither the product nor its tests import it.
"""
