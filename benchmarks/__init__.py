"""Measurements that are run by hand, each a script with a table: ``python benchmarks/NAME.py --help``."""
