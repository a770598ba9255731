import subprocess
import sys

import pytest

from export.benchmark import cli


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give --export_dir=FOLDER, --files=FILES or --model=FILE.keras."),
        (
            ["--files=a.tflite", "--threads=0"],
            "--threads must be numbers from 1, with commas. Received: 0.",
        ),
        (
            ["--files=a.tflite", "--threads=1,,2"],
            "--threads must be numbers from 1, with commas. Received: 1,,2.",
        ),
        (
            ["--files=a.tflite", "--repetitions=many"],
            "--repetitions must be a number from 1. Received: many.",
        ),
        (["--files="], "--files is empty: give it a value."),
        (
            ["a.tflite"],
            "Unexpected word: a.tflite. Every option is a flag, such as "
            "--export_dir=FOLDER.",
        ),
    ],
)
def test_wrong_flags(words, sentence, capsys):
    assert cli.main(["benchmark", *words]) == 2
    assert capsys.readouterr().err == sentence + "\n"


def test_unknown_flag_names_the_others(capsys):
    assert cli.main(["benchmark", "--rounds=3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "rounds" in line
    assert "--export_dir, --files, --model, --threads" in line


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--files={}/a.tflite", "There is no file {}/a.tflite."),
        ("--export_dir={}/a", "There is no folder {}/a."),
        (
            "--export_dir={}",
            "{} holds no .tflite file and no SavedModel.",
        ),
    ],
)
def test_nothing_to_measure(flag, sentence, tmp_path, capsys):
    words = [flag.format(tmp_path), f"--output_dir={tmp_path / 'out' / 'x'}"]
    assert cli.main(["benchmark", *words]) == 65
    assert capsys.readouterr().err == sentence.format(tmp_path) + "\n"
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_written(files, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    words = [f"--files={files[0]}", f"--output_dir={tmp_path / 'file' / 'x'}"]
    assert cli.main(["benchmark", *words]) == 74
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_help_is_short_and_needs_no_tensorflow():
    program = (
        "import sys\n"
        "from export.benchmark import cli\n"
        "code = cli.main(['benchmark', '--help'])\n"
        "heavy = {'tensorflow', 'keras', 'torch', 'numpy', 'ai_edge_litert'}\n"
        "sys.exit(code or ', '.join(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.stderr.strip() == ""
    lines = done.stdout.splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) < 80
    for name in ("export_dir", "files", "model", "threads", "output_dir"):
        assert any(line.startswith(f"  --{name}=") for line in lines)
