import json

import numpy as np
import pytest

from export.benchmark import report, table
from export.benchmark.measuring import Timing
from export.benchmark.subjects import Subject


def timing(outputs, wall=(1.0, 1.0, 1.0)):
    figures = {
        "load_seconds": 0.5,
        "first_call_seconds": 0.5,
        "calls_per_turn": 1,
        "peak_memory_bytes": None,
    }
    outputs = [np.array(x, "float32") for x in outputs]
    return Timing(figures, list(wall), [2 * x for x in wall], outputs)


def document(*timings):
    rows = [
        Subject(f"row {i}", "litert", None, weights="float32")
        for i in range(len(timings))
    ]
    return report.make_document(rows, {1: list(timings)}, {}, 3)


def test_figures_of_two_rows():
    made = document(
        timing([[0.0, 1.0]], (2.0, 4.0, 8.0)),
        timing([[0.0, 1.5]], (1.0, 1.0, 1.0)),
    )
    cell = made["rows"][1]["threads"]["1"]
    assert cell["baseline"] == "row 0"
    assert cell["wall_speed"]["median"] == 4.0
    assert cell["cpu_speed"]["median"] == 4.0
    assert cell["wall_seconds"]["median"] == 1.0
    assert cell["cpu_seconds"]["median"] == 2.0
    assert cell["max_difference"] == 0.5
    (line,) = [x for x in table.make_table(made) if " 4.00 " in x]
    assert line.split()[:5] == ["row", "1", "4.00", "4.00", "1000"]


@pytest.mark.parametrize(
    "outputs",
    [[[np.nan, 1.0]], [[0.0], [np.inf]], [[0.0, 1.0, 2.0]], []],
    ids=["nan", "inf in the second", "another shape", "none"],
)
def test_differences_that_are_no_number(outputs):
    made = document(timing([[0.0, 1.0], [0.0]]), timing(outputs))
    assert made["rows"][1]["threads"]["1"]["max_difference"] is None
    json.dumps(made, allow_nan=False)


def test_nothing_measured_is_said():
    made = document(Timing(problem="the process died of SIGSEGV"))
    lines = table.make_table(made)
    assert "Nothing was measured." in lines
    assert any("not measured: the process died of SIGSEGV" in x for x in lines)
