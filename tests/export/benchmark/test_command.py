import json
import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

import export
from export.benchmark import cli


def command(*words, cwd=None):
    root = pathlib.Path(export.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-m", "export.benchmark", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def screen(files, working_folder):
    """Two good files alone and a broken one, as a user measures them."""
    broken = working_folder / "broken.tflite"
    broken.write_bytes(files[0].read_bytes()[:100])
    names = ",".join(map(str, [files[1], broken, files[0]]))
    return command(f"--files={names}", "--repetitions=3", cwd=working_folder)


@pytest.fixture(scope="module")
def rows(screen, working_folder):
    path = working_folder / "benchmark" / "benchmark.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["format_version"] == 1
    assert document["repetitions"] == 3
    assert {"processor", "num_cpus"} <= set(document["machine"])
    return {row["name"]: row for row in document["rows"]}


def test_rows_are_in_order(rows):
    assert list(rows) == [
        "generator_float16.tflite",
        "broken.tflite",
        "generator_float32.tflite",
    ]


def test_baseline_is_the_float32_file(rows):
    for threads in ("1", "2"):
        baseline = rows["generator_float32.tflite"]["threads"][threads]
        assert baseline["baseline"] == "generator_float32.tflite"
        assert set(baseline["wall_speed"].values()) == {1.0}
        assert set(baseline["cpu_speed"].values()) == {1.0}
        assert baseline["max_difference"] == 0.0
        other = rows["generator_float16.tflite"]["threads"][threads]
        assert other["baseline"] == "generator_float32.tflite"
        assert 0 < other["max_difference"] < 0.01


def test_figures_are_plausible(rows, files):
    for path in files:
        row = rows[path.name]
        assert row["bytes"] == path.stat().st_size
        assert row["weights"] == path.stem.removeprefix("generator_")
        assert row["partitions"] == 1
        assert row["operators"]["CONV_2D"] == 2
        assert row["inputs"] == {
            "images": {"shape": [1, 16, 16, 3], "dtype": "float32"}
        }
        assert row["problem"] is None
        for cell in row["threads"].values():
            for kind in ("wall", "cpu"):
                rounds = cell["rounds"][kind]
                assert len(rounds) == 3
                assert min(rounds) > 0
                assert cell[f"{kind}_seconds"]["minimum"] == min(rounds)
                assert cell[f"{kind}_seconds"]["median"] == sorted(rounds)[1]
            assert cell["load_seconds"] > 0
            # The tensors between the convolutions alone are 8 kB.
            assert 8192 <= cell["peak_memory_bytes"] < 500e6


def test_profile_is_of_the_operators(rows, files):
    for path in files:
        profile = rows[path.name]["profile"]
        counts = {x["operator"].split()[0]: x["count"] for x in profile}
        assert counts["Convolution"] == 2
        assert sum(x["share"] for x in profile) == pytest.approx(1, abs=0.01)


def test_broken_file_is_a_row_with_its_reason(rows, screen):
    row = rows["broken.tflite"]
    assert row["problem"]
    assert row["threads"]["1"] == {"problem": row["problem"]}
    assert "profile" not in row
    assert f"broken.tflite            not measured: {row['problem']}" in (
        screen.stdout
    )
    assert screen.returncode == 1


def test_screen_says_where_and_of_what(screen):
    lines = screen.stdout.splitlines()
    assert lines[-1] == (
        f"Wrote {pathlib.Path('benchmark') / 'benchmark.json'} and "
        "benchmark.png."
    )
    assert "Ratios and differences are to generator_float32.tflite." in lines
    assert any("of this machine" in line for line in lines)
    assert {"1 thread", "2 threads"} <= set(lines)
    assert not screen.stderr


def test_picture_is_there(screen, working_folder):
    with Image.open(working_folder / "benchmark" / "benchmark.png") as image:
        assert image.width > 500


def test_each_size_in_a_file_is_a_row(file_of_two_sizes, tmp_path, capsys):
    words = [f"--files={file_of_two_sizes}", "--repetitions=1", "--threads=1"]
    code = cli.main(["benchmark", *words, f"--output_dir={tmp_path}"])
    assert code == 0, capsys.readouterr().err
    document = json.loads((tmp_path / "benchmark.json").read_text())
    names = ["sizes.tflite:size_16", "sizes.tflite:size_8"]
    rows = {row["name"]: row for row in document["rows"]}
    assert sorted(rows) == names
    for name in names:
        row, size = rows[name], int(name.split("_")[-1])
        assert row["inputs"]["images"]["shape"] == [1, size, size, 3]
        # Another size is other work: nothing to set one beside the other by.
        assert row["threads"]["1"]["baseline"] == name
        assert row["profile"][0]["count"] >= 1


@pytest.mark.slow
def test_saved_model_in_a_folder(files, saved_model, tmp_path, capsys):
    words = [f"--export_dir={saved_model.parent}", "--repetitions=2"]
    code = cli.main(
        ["benchmark", *words, "--threads=1", f"--output_dir={tmp_path}"]
    )
    assert code == 0, capsys.readouterr().err
    document = json.loads((tmp_path / "benchmark.json").read_text())
    rows = {row["name"]: row for row in document["rows"]}
    assert list(rows) == [*(x.name for x in files), "saved_model"]
    cell = rows["saved_model"]["threads"]["1"]
    assert cell["baseline"] == "generator_float32.tflite"
    assert 0 < cell["max_difference"] < 1e-5
    assert rows["saved_model"]["partitions"] is None
