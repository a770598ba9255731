"""The check of a data set: what it prints, and its exit code."""

import re

import numpy as np
import pytest
from PIL import Image

from trainers import check_data


def run(capsys, *arguments):
    """Exit code, and the lines that are printed."""
    with pytest.raises(SystemExit) as exit:
        check_data.main(list(map(str, arguments)))
    output, errors = capsys.readouterr()
    return exit.value.code, output.splitlines(), errors


def save(path, size=(4, 6), level=None):
    """Writes a picture, of one grey level or of many colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3)
    pixels = np.random.default_rng(0).integers(0, 255, shape, "uint8")
    if level is not None:
        pixels = np.full(shape, level, "uint8")
    Image.fromarray(pixels).save(path)
    return path


def save_all(folder, *sizes):
    for index, size in enumerate(sizes):
        save(folder / f"{index}.png", size)


def test_pictures_of_one_size(tmp_path, capsys):
    save_all(tmp_path, (4, 6), (4, 6))
    code, lines, _ = run(capsys, f"--data={tmp_path}")
    assert code == 0
    assert lines == [
        f"data     {tmp_path}, as images; sizes: HEIGHTxWIDTH",
        "pictures 2 of train: all 4x6, 3 channels, 8 bits",
        "verdict  usable",
    ]


def test_sizes_and_grey_pictures_are_counted(tmp_path, capsys):
    save_all(tmp_path, (4, 6), (2, 9), (5, 5), (4, 6), (3, 10))
    save(tmp_path / "grey.png", (4, 6), level=7)
    code, lines, _ = run(capsys, f"--data={tmp_path}")
    # By area: 18, 24, 25, 30.
    assert lines[1] == (
        "pictures 6 of train: 2x9 to 3x10, most often 4x6 (3), 3 channels, "
        "8 bits, 1 of them grey"
    )
    assert code == 0


@pytest.mark.parametrize(
    ("dtype", "named"), [("uint16", "16 bits"), ("float32", "floats")]
)
def test_other_channels_and_bit_depths(tmp_path, capsys, dtype, named):
    np.save(tmp_path / "x.npy", np.zeros((4, 6, 1), dtype))
    code, lines, _ = run(capsys, f"--data={tmp_path}", "--channels=1")
    assert lines[1] == f"pictures 1 of train: all 4x6, 1 channel, {named}"
    assert code == 0
    code, lines, _ = run(capsys, f"--data={tmp_path}")
    assert lines[2].startswith(f"bad      {tmp_path}/x.npy: has 1 channels, ")
    assert code == 65


def test_classes_are_counted(tmp_path, capsys):
    for part, name, count in (
        ("train", "cat", 3),
        ("train", "dog", 2),
        ("train", "eel", 1),
        ("test", "dog", 2),
    ):
        save_all(tmp_path / part / name, *[(4, 6)] * count)
    code, lines, _ = run(capsys, f"--data={tmp_path}", "--task=images")
    assert lines[1:3] == [
        "classes  3 in train: cat 3, dog 2, eel 1",
        "classes  3 in test: cat 0, dog 2, eel 0",
    ]
    assert code == 0


def test_all_bad_files_are_named_once(tmp_path, capsys):
    save_all(tmp_path / "train", *[(4, 6)] * 3)
    for index in range(15):
        (tmp_path / "train" / f"bad_{index:02d}.png").write_bytes(b"")
    save(tmp_path / "train" / "odd.png", (4, 7))
    code, lines, _ = run(capsys, f"--data={tmp_path}", "--task=paired")
    bad = [line for line in lines if line.startswith("bad")]
    assert bad[:15] == [
        f"bad      {tmp_path}/train/bad_{index:02d}.png: is empty. Get the "
        "file again or remove it."
        for index in range(15)
    ]
    assert bad[15].startswith(
        f"bad      {tmp_path}/train/odd.png: is 7 pixels wide, an odd number"
    )
    # Read in two halves, but no file twice in the list.
    assert len(bad) == 16
    assert lines[-1] == "verdict  not usable: 16 bad pictures"
    assert code == 65


def test_picture_of_another_bit_depth_is_bad(tmp_path, capsys):
    save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.zeros((4, 6, 3), "uint16"))
    code, lines, _ = run(capsys, f"--data={tmp_path}")
    assert lines[2].startswith(f"bad      {tmp_path}/b.npy: is uint16, but")
    assert code == 65


def test_set_of_bad_files_only(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"<html>")
    code, lines, _ = run(capsys, f"--data={tmp_path}")
    assert lines[1] == (
        "pictures 1 of train: none can be read, 3 channels, 8 bits"
    )
    assert code == 65


def test_unpaired_domains(picture_folder, capsys):
    code, lines, _ = run(capsys, f"--data={picture_folder}", "--task=unpaired")
    assert lines[1:] == [
        "pictures 6 of trainA: all 16x16, 3 channels, 8 bits",
        "pictures 5 of trainB: all 16x16, 3 channels, 8 bits",
        "pictures 2 of testA: all 16x16, 3 channels, 8 bits",
        "pictures 2 of testB: all 16x16, 3 channels, 8 bits",
        "verdict  usable",
    ]
    assert code == 0


def test_pairs_and_label_maps(tmp_path, capsys):
    labels = np.repeat(np.uint8([[9, 99, 199]] * 12), 4, axis=1)
    for index in range(2):
        save(tmp_path / "trainB" / f"{index}.png", (12, 12))
        (tmp_path / "trainA").mkdir(exist_ok=True)
        Image.fromarray(labels).save(tmp_path / "trainA" / f"{index}.png")
    flags = [f"--data={tmp_path}", "--task=paired", "--channels_a=1"]
    code, lines, _ = run(capsys, *flags)
    assert lines[1:] == [
        "pairs    2 in train",
        "pictures 2 of trainA: all 12x12, 1 channel, 8 bits",
        "note     trainA look like label maps: as inputs, read them with "
        "input_resize=nearest",
        "pictures 2 of trainB: all 12x12, 3 channels, 8 bits",
        "verdict  usable",
    ]
    assert code == 0


def test_names_without_a_partner_and_bad_files_are_both_reported(
    tmp_path, capsys
):
    save_all(tmp_path / "trainA", (4, 6), (4, 6))
    save_all(tmp_path / "trainB", (4, 6))
    (tmp_path / "trainB" / "bad.png").write_bytes(b"")
    code, lines, _ = run(capsys, f"--data={tmp_path}", "--task=paired")
    assert lines[1:] == [
        f"error    {tmp_path} must hold pairs of files of equal names, but for "
        "the extension. Without a partner: 1 in trainA (1), 1 in trainB (bad). "
        "Rename or remove them.",
        "pictures 4 of the whole folder: all 4x6, 3 channels, 8 bits",
        f"bad      {tmp_path}/trainB/bad.png: is empty. Get the file again or "
        "remove it.",
        "verdict  not usable: the error above and 1 bad pictures",
    ]
    assert code == 65


def test_pairs_of_unequal_size_are_bad(tmp_path, capsys):
    save_all(tmp_path / "trainA", (4, 6), (4, 6))
    save_all(tmp_path / "trainB", (4, 6), (8, 6))
    code, lines, _ = run(capsys, f"--data={tmp_path}", "--task=paired")
    [bad] = [line for line in lines if line.startswith("bad")]
    assert f"{tmp_path}/trainB/1.png: is 6 wide and 8 high" in bad
    assert code == 65


def test_outlines_are_not_drawn_to_be_checked(tmp_path, capsys):
    save_all(tmp_path, (4, 6), (4, 6))
    code, lines, _ = run(capsys, f"--data=edges:{tmp_path}", "--task=paired")
    assert lines[1:] == [
        "pairs    2 in train",
        "pictures 2 of train: all 4x6, 3 channels, 8 bits",
        "verdict  usable",
    ]
    assert code == 0


@pytest.mark.parametrize("task", ["images", "unpaired", "paired"])
def test_missing_folder(task, tmp_path, capsys):
    code, lines, _ = run(capsys, f"--data={tmp_path}/x", f"--task={task}")
    assert lines[1].startswith("error    `spec` must be embedded:NAME, such as")
    assert lines[2:] == ["verdict  not usable: the error above"]
    assert code == 65


def test_progress_is_printed_every_few_seconds(tmp_path, capsys, monkeypatch):
    save_all(tmp_path, *[(4, 6)] * 7)
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    _, lines, _ = run(capsys, f"--data={tmp_path}")
    # The clock ticks at each picture, and once more at each line: 0 2 4 6|8
    # 10 12 14|16 ...
    progress = [line for line in lines if line.startswith("read")]
    assert progress == [
        "read     3 of 7 pictures",
        "read     6 of 7 pictures",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data must be a folder, embedded:NAME, tfds:NAME or edges:SPEC"),
        (
            ["--data=x", "--task=pairs"],
            "--task must be one of images, unpaired, paired. Received: pairs. "
            "Did you mean paired?",
        ),
        (["--data=x", "--channels=0"], "--channels must be >= 1. Received: 0."),
        (["--data=x", "--run_dir=y"], "Unknown command line flag 'run_dir'"),
        (["x"], "Every argument is a flag, --NAME=VALUE. Received: 'x'."),
    ],
    ids=["no_data", "task", "channels", "run_dir", "word"],
)
def test_wrong_usage(arguments, message, capsys):
    code, lines, errors = run(capsys, *arguments)
    assert re.match(f"^error: .*{re.escape(message)}", errors)
    assert (code, lines) == (2, [])


def test_failed_download_is_reported(monkeypatch, capsys):
    def fail(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(check_data.data, "open_images", fail)
    code, _, errors = run(capsys, "--data=tfds:mnist")
    assert (code, errors) == (74, "error: no route to host\n")


def test_help_is_complete(capsys):
    code, lines, _ = run(capsys, "--help")
    assert code == 0
    assert lines[0].startswith("Reads a whole data set once")
    flags = {line.split("=")[0].strip() for line in lines if " --" in line[:4]}
    assert flags == {
        "--flagfile",
        "--data",
        "--task",
        "--channels",
        "--channels_a",
        "--channels_b",
    }
