"""The benchmarks: what a user notices, measured in a real browser beside a floor of the same run.

``python -m tests.bench`` measures all groups and writes docs/benchmarks.md; ``python -m tests.bench lag stop``
measures some and prints them. Nothing here is imported by the product or by its tests.
"""
