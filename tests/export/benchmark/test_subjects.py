from export.benchmark import measuring, report, subjects
from export.benchmark.subjects import Subject


def make_folder(path, *names):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("")


def test_files_of_several_networks_are_found(tmp_path):
    make_folder(
        tmp_path,
        "generator_ab/generator_dynamic.tflite",
        "generator_ab/generator_float32.tflite",
        "generator_ab/saved_model/saved_model.pb",
        "generator_ab/generator.json",
        "generator_ba/generator_float32.tflite",
    )
    found = [x.relative_to(tmp_path) for x in subjects.find(tmp_path)]
    assert [x.as_posix() for x in found] == [
        "generator_ab/generator_float32.tflite",
        "generator_ab/generator_dynamic.tflite",
        "generator_ab/saved_model",
        "generator_ba/generator_float32.tflite",
    ]


def test_files_of_one_network_are_found(tmp_path):
    make_folder(
        tmp_path,
        "decoder_float16.tflite",
        "decoder_float32.tflite",
        "saved_model/saved_model.pb",
        "saved_model/variables/variables.index",
        "parity.json",
    )
    found = [x.relative_to(tmp_path) for x in subjects.find(tmp_path)]
    assert [x.as_posix() for x in found] == [
        "decoder_float32.tflite",
        "decoder_float16.tflite",
        "saved_model",
    ]


def row(name, weights=None, network="", size=8, kind="images"):
    inputs = {kind: {"shape": [1, size], "dtype": "float32"}}
    return Subject(
        name, "litert", None, network, inputs=inputs, weights=weights
    )


def test_baseline_is_the_first_float32_file_of_the_same_work():
    rows = [
        row("a", "int8"),
        row("b", "float32"),
        row("c", "float32"),
        row("d", "float32", size=16),
        row("e", "int8", network="generator_ba"),
        row("f", kind="x"),  # A runtime may call its input as it likes.
    ]
    timings = [measuring.Timing() for _ in rows]
    baselines = [
        report.find_baseline(i, rows, timings) for i in range(len(rows))
    ]
    assert baselines == [1, 1, 1, 3, 4, 1]
    timings[1].problem = "the process died of SIGSEGV"
    assert report.find_baseline(0, rows, timings) == 2
