"""Beside an installed wheel there are no benchmarks to test."""

import pathlib

if not (pathlib.Path(__file__).parents[2] / "benchmarks").is_dir():
    collect_ignore_glob = ["test_*.py"]
