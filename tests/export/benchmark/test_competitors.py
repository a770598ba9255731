import dataclasses

import pytest

from export.benchmark import competitors, measuring, report, table
from export.benchmark.subjects import Subject


def test_missing_library_is_a_row_with_its_reason(
    network, files, tmp_path, monkeypatch
):
    """PyTorch and ONNX Runtime, hidden by modules that cannot be imported."""
    for name in ("torch", "onnxruntime"):
        (tmp_path / f"{name}.py").write_text(
            f"raise ModuleNotFoundError('No module named {name}')"
        )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "work").mkdir()
    _, pytorch, onnx = competitors.prepare_network(network, tmp_path / "work")
    assert pytorch.problem is None
    # Its file would have been written by PyTorch.
    assert onnx.problem.endswith("No module named torch")
    baseline = Subject(
        "file",
        "litert",
        files[0],
        signature="serving_default",
        inputs=pytorch.inputs,
        weights="float32",
    )
    subjects = [pytorch, onnx, baseline]
    onnx_here = dataclasses.replace(onnx, path=files[0], problem=None)
    timings = measuring.measure([*subjects, onnx_here], 1, repetitions=2)
    assert timings[0].problem.endswith("No module named torch")
    assert timings[1].problem == onnx.problem
    assert timings[2].problem is None
    assert timings[3].problem.endswith("No module named onnxruntime")
    document = report.make_document(subjects, {1: timings[:3]}, {}, 2)
    screen = "\n".join(table.make_table(document))
    assert screen.count("not measured: ") == 2


def test_free_sizes_are_a_reason(tmp_path):
    import keras

    images = keras.Input((None, None, 3))
    network = keras.Model(images, keras.layers.Conv2D(3, 1)(images))
    for row in competitors.prepare_network(network, tmp_path):
        assert row.problem == "the network takes images of any size"


@pytest.mark.slow
def test_every_runtime_gives_the_same_answer(network, files, tmp_path):
    pytest.importorskip("torch")
    subjects = competitors.prepare_network(network, tmp_path)
    subjects.append(
        Subject(
            "file",
            "litert",
            files[0],
            signature="serving_default",
            inputs=subjects[0].inputs,
            weights="float32",
        )
    )
    timings = measuring.measure(subjects, 1, repetitions=2)
    document = report.make_document(subjects, {1: timings}, {}, 2)
    measured = [
        row["threads"]["1"]["max_difference"]
        for row in document["rows"]
        if not row["threads"]["1"]["problem"]
    ]
    assert len(measured) >= 3  # ONNX Runtime need not be installed.
    assert max(measured) < 1e-5
