import subprocess
import sys

import numpy as np
import pytest

from export.benchmark import processes, worker


def spec(dtype, *shape):
    return {"shape": list(shape), "dtype": dtype}


def test_inputs_are_drawn_by_their_dtype():
    inputs = worker.draw(
        {
            "floats": spec("float32", 1, 100, 100),
            "bytes": spec("uint8", 1, 10000),
            "signed": spec("int8", 1, 10000),
            "labels": spec("int32", 1000),
        }
    )
    assert {k: x.dtype.name for k, x in inputs.items()} == {
        "floats": "float32",
        "bytes": "uint8",
        "signed": "int8",
        "labels": "int32",
    }
    # Means of 10,000 numbers, to five times their standard error.
    assert abs(inputs["floats"].mean()) < 0.05
    assert abs(inputs["floats"].std() - 1) < 0.05
    assert set(np.unique(inputs["bytes"])) == set(range(256))
    assert set(np.unique(inputs["signed"])) == set(range(-128, 128))
    assert set(np.unique(inputs["labels"])) == {0, 1}


def test_all_processes_draw_the_same():
    specs = {"b": spec("float32", 3), "a": spec("float32", 3)}
    first = worker.draw(specs)
    again = worker.draw(dict(reversed(specs.items())))
    for name in specs:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["a"], first["b"])


def test_free_size_is_refused():
    with pytest.raises(ValueError) as caught:
        worker.draw({"images": spec("float32", 1, -1, -1, 3)})
    assert str(caught.value) == (
        "the input images has a free size, [1, -1, -1, 3]: export a file of "
        "one size"
    )


def test_memory_is_that_of_this_program():
    program = (
        "import numpy as np\n"
        "from export.benchmark.worker import peak_memory\n"
        "before = peak_memory()\n"
        "array = np.ones(10_000_000)\n"
        "del array\n"  # The peak remains.
        "print(before, peak_memory() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=processes.environment(),
    )
    if "None" in done.stderr:
        pytest.skip("the system does not tell")
    before, more = map(int, done.stdout.split())
    # This process holds TensorFlow: its size must not be that of the other.
    assert before < 150e6
    assert 79e6 <= more < 100e6


def test_process_reports_errors_and_lives_on():
    with processes.Process("export.benchmark.worker") as process:
        for _ in range(2):
            with pytest.raises(processes.ProcessError) as caught:
                process.ask({"do": "inspect", "runtime": "abacus", "path": "x"})
            assert str(caught.value) == "KeyError: 'abacus'"


def test_death_is_told():
    with processes.Process("export.benchmark.worker") as process:
        process._process.kill()
        with pytest.raises(processes.ProcessError) as caught:
            process.ask({"do": "memory"})
    assert str(caught.value) == "the process died of SIGKILL"
    with processes.Process("export.benchmark.no_such_module") as process:
        with pytest.raises(processes.ProcessError) as caught:
            process.ask({"do": "memory"})
    assert "exit code 1: " in str(caught.value)
    assert "no_such_module" in str(caught.value)
