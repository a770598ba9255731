"""Scripts of `benchmarks/` import each other as neighbours."""

import pathlib
import sys

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"

if BENCHMARKS.is_dir():
    sys.path.append(str(BENCHMARKS))
else:  # Beside an installed wheel there are none.
    collect_ignore_glob = ["test_*.py"]
