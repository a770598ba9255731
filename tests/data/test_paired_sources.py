"""Where pairs are opened from: folders, embedded sets, outlines, TFDS."""

import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data

FACADES = pathlib.Path(__file__).parents[3] / "shared" / "data" / "facades"
LAYOUTS = {
    "side_by_side": ["{}"],
    "suffix": ["{}A", "{}B"],
    "folders": ["A/{}", "B/{}"],
}


def save(path, level, size=(4, 6)):
    """Writes a picture of one grey level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size[::-1], level).save(path)


def write_pairs(root, layout, part, *names):
    """Writes pairs whose A has the level 10, 11, ... and whose B has 200."""
    folders = [root / x.format(part) for x in LAYOUTS[layout]]
    for index, name in enumerate(names):
        if len(folders) == 2:
            save(folders[0] / f"{name}.png", 10 + index)
            save(folders[1] / f"{name}.jpg", 200 + index)
        else:
            pair = np.repeat([10 + index, 200 + index], 6).astype("uint8")
            folders[0].mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.tile(pair, (4, 1))).save(
                folders[0] / f"{name}.png"
            )


def levels_of(images, size=(4, 6)):
    return images.load(size)[:, 0, 0, 0].tolist()


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_layouts_in_both_directions(tmp_path, layout, direction):
    write_pairs(tmp_path / "set", layout, "train", "x", "y", "z")
    write_pairs(tmp_path / "set", layout, "test", "u", "v")
    pairs = data.open_paired(
        tmp_path / "set", direction, channels_in=1, channels_target=3
    )
    assert pairs.name == "set"
    inputs, targets = (10, 200) if direction == "a_to_b" else (200, 10)
    assert levels_of(pairs.train_inputs) == [inputs + i for i in range(3)]
    assert levels_of(pairs.train_targets) == [targets + i for i in range(3)]
    assert levels_of(pairs.test_inputs) == [inputs, inputs + 1]
    assert levels_of(pairs.test_targets) == [targets, targets + 1]
    for split in (pairs.train_inputs, pairs.test_inputs):
        assert split.load((4, 6)).shape[1:] == (4, 6, 1)
    assert pairs.train_targets.load((4, 6)).shape == (3, 4, 6, 3)


@pytest.mark.parametrize(
    ("parts", "test_length"),
    [([], None), (["val"], 2), (["val", "test"], 2)],
    ids=["none", "val", "both"],
)
def test_test_pairs_are_those_of_test_or_else_val(
    tmp_path, layout, parts, test_length
):
    write_pairs(tmp_path, layout, "train", "x")
    for part in parts:
        names = "uvw" if (part, len(parts)) == ("val", 2) else "uv"
        write_pairs(tmp_path, layout, part, *names)
    pairs = data.open_folder_pairs(str(tmp_path))
    if test_length is None:
        assert pairs.test_inputs is pairs.test_targets is None
    else:
        assert len(pairs.test_inputs) == len(pairs.test_targets) == test_length


def test_names_with_folders_and_dots_are_matched(tmp_path):
    for folder, suffix in (("A/train", ".png"), ("B/train", ".JPG")):
        for index, name in enumerate(("b", "a/v1.0", "a.b")):
            save(tmp_path / folder / f"{name}{suffix}", index)
    (tmp_path / "B" / "notes").mkdir()
    (tmp_path / "A" / "train" / "readme.txt").write_text("text")
    pairs = data.open_folder_pairs(tmp_path)
    stems = [name.rpartition(".")[0] for name in pairs.train_inputs.filenames]
    assert stems == ["a.b", "a/v1.0", "b"]
    assert levels_of(pairs.train_inputs) == levels_of(pairs.train_targets)


def test_names_without_a_partner_are_listed(tmp_path, layout):
    if layout == "side_by_side":
        pytest.skip("has no names to match")
    for part in ("train", "test"):
        write_pairs(tmp_path, layout, part, "x", "y")
    train_a, _ = (x.format("train") for x in LAYOUTS[layout])
    _, test_b = (x.format("test") for x in LAYOUTS[layout])
    save(tmp_path / train_a / "k.png", 1)
    save(tmp_path / train_a / "l.png", 1)
    save(tmp_path / test_b / "X.png", 1)
    message = (
        f"{tmp_path} must hold pairs of files of equal names, but for the "
        f"extension. Without a partner: 2 in {train_a} (k, l), 1 in {test_b} "
        "(X). Rename or remove them."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_paired(tmp_path)


def test_many_names_without_a_partner_are_counted(tmp_path):
    write_pairs(tmp_path, "suffix", "train", "x")
    for index in range(30):
        save(tmp_path / "trainA" / f"{index:02d}.png", 1)
    with pytest.raises(
        ValueError, match=r"30 in trainA \(00, .*, 19, \.\.\.\)"
    ):
        data.open_paired(tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path):
    write_pairs(tmp_path, "suffix", "train", "x")
    save(tmp_path / "trainA" / "x.bmp", 1)
    message = (
        f"{tmp_path}/trainA must hold one file of each name, whatever its "
        "extension. Found: x.bmp and x.png."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_paired(tmp_path)


def test_files_of_unequal_size_are_named_as_they_are_read(tmp_path):
    write_pairs(tmp_path, "suffix", "train", "x", "y")
    save(tmp_path / "trainB" / "y.jpg", 200, size=(8, 6))
    pairs = data.open_paired(tmp_path)
    message = (
        f"{tmp_path}/trainB/y.jpg: is 6 wide and 8 high, but its partner in "
        f"trainA, {tmp_path}/trainA/y.png, is 6 wide and 4 high. Bring both "
        "to one size.\n1 of the 2 pictures of trainB can not be used."
    )
    with pytest.raises(data.ImageError, match=f"^{re.escape(message)}$"):
        data.PairedPipeline(pairs.train_inputs, pairs.train_targets, (4, 6))
    # Whichever of the two comes second; and the pair before it is good.
    assert pairs.train_targets.read(0, (4, 6)).shape == (4, 6, 3)
    pairs = data.open_paired(tmp_path, "b_to_a")
    with pytest.raises(data.ImageError, match=r"trainA/y\.png: is 6 wide"):
        data.PairedPipeline(pairs.train_inputs, pairs.train_targets, (4, 6))


def test_file_of_odd_width_is_named(tmp_path):
    write_pairs(tmp_path, "side_by_side", "train", "x")
    save(tmp_path / "train" / "y.png", 1, size=(4, 7))
    pairs = data.open_paired(tmp_path)
    message = rf"^{re.escape(str(tmp_path))}/train/y\.png: is 7 pixels wide, an"
    for side in (pairs.train_inputs, pairs.train_targets):
        with pytest.raises(data.ImageError, match=message):
            side.load((4, 4))


def test_folders_within_train_are_not_taken_for_halves(tmp_path):
    for side in "AB":
        save(tmp_path / "train" / side / "x.png", 1)
    message = (
        f"{tmp_path}/train must hold files with A and B side by side, and no "
        "folders of pictures. Found: A (1 pictures), B (1 pictures)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_paired(tmp_path)


ACCEPTED = """  train/                 A and B side by side in each file
  trainA/ and trainB/    files of equal names
  A/train/ and B/train/  files of equal names
  and in the same way test, or val, if there are pairs for tests"""
BAD_LAYOUTS = {
    "empty": ([], []),
    "others": (["images", "labels"], []),
    "one_side": (["trainA"], []),
    "misspelt": (
        ["train_A", "trainb"],
        [
            "Did you mean trainA by train_A? Rename it.",
            "Did you mean trainB by trainb? Rename it.",
        ],
    ),
    "word": (["training"], ["Did you mean train by training? Rename it."]),
    "half_a_test": (
        ["testA", "trainA", "trainB"],
        ["testA has no partner testB."],
    ),
    "half_a_val": (
        ["A", "A/train", "B", "B/train", "B/val"],
        ["B/val has no partner A/val."],
    ),
    "misspelt_test": (
        ["Test", "train"],
        ["Did you mean test by Test? Rename it."],
    ),
    "misspelt_val": (
        ["train", "validation"],
        ["Did you mean val by validation? Rename it."],
    ),
    "misspelt_tests_of_folders": (
        ["A", "A/testing", "A/train", "B", "B/testing", "B/train"],
        [
            "Did you mean A/test by A/testing? Rename it.",
            "Did you mean B/test by B/testing? Rename it.",
        ],
    ),
    "two_layouts": (
        ["train", "trainA", "trainB"],
        ["Keep one of train; trainA and trainB."],
    ),
}


@pytest.mark.parametrize("case", BAD_LAYOUTS)
def test_other_layouts_are_refused(tmp_path, case):
    folders, hints = BAD_LAYOUTS[case]
    for name in folders:
        save(tmp_path / name / "x.png", 1)
    with pytest.raises(FileNotFoundError) as error:
        data.open_paired(tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0] == f"{tmp_path} must hold pairs in one of these layouts:"
    assert "\n".join(lines[1:5]) == ACCEPTED and lines[5] == "Found:"
    end = 6 + max(1, len(folders))
    found = [line.split()[0] for line in lines[6:end]]
    assert found == (folders or ["no"])
    assert lines[end:] == hints


def test_empty_folder_of_a_side_is_refused(tmp_path):
    write_pairs(tmp_path, "suffix", "train", "x")
    (tmp_path / "testA").mkdir()
    (tmp_path / "testB").mkdir()
    message = f"{tmp_path}/testA must hold pictures"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        data.open_paired(tmp_path)


def test_the_four_forms_are_listed():
    message = (
        "`spec` must be embedded:NAME, such as embedded:emoji_edges, or "
        "tfds:NAME, such as tfds:oxford_iiit_pet, or the path of a folder "
        "that holds train, or trainA and trainB, or A and B. "
        "Received: spec='facade', which is not there."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        data.open_paired("facade")


def test_unknown_direction_is_refused(tmp_path):
    message = (
        "`direction` must be one of a_to_b, b_to_a. Received: direction='BtoA'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_paired(tmp_path, "BtoA")


@pytest.mark.parametrize(
    ("name", "source", "counts"),
    [("emoji_edges", "a", (384, 75)), ("emoji_faces_edges", "b", (85, 11))],
)
def test_embedded_outlines_are_those_of_their_emoji(name, source, counts):
    pairs = data.open_paired(f"embedded:{name}", channels_in=1)
    assert pairs.name == name
    emoji = data.load_emoji_pairs()
    for split, count in zip(("train", "test"), counts):
        inputs = getattr(pairs, f"{split}_inputs")
        targets = getattr(pairs, f"{split}_targets")
        assert len(inputs) == len(targets) == count
        assert inputs.filenames == targets.filenames
        row_of = {n: row for row, n in enumerate(emoji[f"name_{split}"])}
        for index in (0, count - 1):
            picture = emoji[f"{source}_{split}"][
                row_of[targets.filenames[index]]
            ]
            np.testing.assert_array_equal(
                targets.read(index, (64, 64)), picture
            )
            np.testing.assert_array_equal(
                inputs.read(index, (64, 64)), data.outlines(picture[None])[0]
            )


def test_embedded_pairs_are_those_of_the_unpaired_task():
    pairs = data.open_paired("embedded:emoji_faces_edges")
    domains = data.open_unpaired("embedded:emoji_faces")
    names = domains.train_a.filenames + domains.train_b.filenames
    assert sorted(pairs.train_targets.filenames) == sorted(names)


def test_unknown_embedded_pairs_are_refused():
    message = (
        "`name` must be one of emoji_edges, emoji_faces_edges. "
        "Received: name='emoji_outlines'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_paired("embedded:emoji_outlines")


@pytest.fixture
def shapes(tmp_path):
    """A folder of pictures of one rectangle each."""
    for part, count in (("train", 3), ("test", 1)):
        for index in range(count):
            picture = np.full((16, 20, 3), 255, "uint8")
            picture[4:12, 3 + index : 12] = (200, 60, 10)
            path = tmp_path / part / f"{index}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(picture).save(path)
    return tmp_path


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_outlines_of_a_folder_of_pictures(shapes, direction):
    pairs = data.open_paired(
        f"edges:{shapes}", direction, channels_in=3, channels_target=3
    )
    if direction == "b_to_a":
        pairs = pairs.reversed()
    assert pairs.name == shapes.name
    assert pairs.train_inputs.name == "outlines of train"
    assert len(pairs.test_inputs) == len(pairs.test_targets) == 1
    pictures = pairs.train_targets.load((16, 20))
    np.testing.assert_array_equal(
        pairs.train_inputs.load((16, 20)),
        np.repeat(data.outlines(pictures), 3, axis=-1),
    )


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_outlines_stay_on_their_pictures(shapes, cache):
    pairs = data.open_paired(f"edges:{shapes}", channels_in=1)
    pipeline = data.PairedPipeline(
        pairs.train_inputs,
        pairs.train_targets,
        (12, 16),
        (18, 22),
        cache=cache,
    )
    for inputs, targets in pipeline.dataset().take(9).as_numpy_iterator():
        # Lines are where colours change, and only there; but for the frame of
        # the window, where the whole picture was known to the drawing.
        change = np.abs(np.gradient(targets[0, ..., 2], axis=(0, 1))).max(0)
        inner = (slice(2, -2), slice(2, -2))
        ink = 1 - inputs[0, ..., 0]
        assert np.all(ink[inner][change[inner] < 0.05] < 0.5)
        assert np.all(ink[inner][change[inner] > 0.9] > 0.5)


def test_outlines_without_test_pictures(shapes):
    pairs = data.open_paired(f"edges:{shapes / 'train'}")
    assert len(pairs.train_inputs) == 3
    assert pairs.test_inputs is pairs.test_targets is None


def test_outlines_of_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="^`spec` must be embedded:"):
        data.open_paired(f"edges:{tmp_path / 'missing'}")


@pytest.mark.skipif(not FACADES.is_dir(), reason="needs the facades")
def test_facades():
    pairs = data.open_paired(FACADES, "b_to_a")
    assert (len(pairs.train_inputs), len(pairs.test_targets)) == (400, 100)
    whole = data.read_image(FACADES / "test" / pairs.test_inputs.filenames[0])
    np.testing.assert_array_equal(
        pairs.test_inputs.read(0, (256, 256)), whole[:, 256:]
    )
    np.testing.assert_array_equal(
        pairs.test_targets.read(0, (256, 256)), whole[:, :256]
    )
