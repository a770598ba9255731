import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data


def save(folder, name, seed=0, size=(6, 5)):
    generator = np.random.default_rng(seed)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    array = generator.integers(0, 255, (*size, 3), "uint8", endpoint=True)
    Image.fromarray(array).save(path)
    return path


def test_files_load_in_order_and_resized(tmp_path):
    paths = [save(tmp_path, f"{i}.png", i, (6 + i, 5)) for i in range(20)]
    files = data.ImageFiles(paths, "trainA")
    assert (len(files), files.name, files.channels) == (20, "trainA", 3)
    assert files.filenames == [f"{i}.png" for i in range(20)]
    loaded = files.load((4, 3))
    assert loaded.shape == (20, 4, 3, 3) and loaded.dtype == np.uint8
    for index, path in enumerate(paths):
        picture = Image.open(path).resize((3, 4), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(loaded[index], picture)
        np.testing.assert_array_equal(files.read(index, (4, 3)), picture)
    np.testing.assert_array_equal(files.load((4, 3), most=2), loaded[[0, 19]])


def test_files_of_two_folders_have_different_names(tmp_path):
    paths = [save(tmp_path, "x/1.png"), save(tmp_path, "y/1.png")]
    assert data.ImageFiles(paths, "trainA").filenames == ["x/1.png", "y/1.png"]


@pytest.mark.parametrize("first_is_bad", [False, True])
def test_all_bad_files_are_reported_at_once(tmp_path, first_is_bad):
    paths = [save(tmp_path, f"{i:02d}.png") for i in range(20)]
    bad = paths[:13] if first_is_bad else paths[7:]
    for path in bad:
        path.write_bytes(b"")
    lines = [
        f"{path}: is empty. Get the file again or remove it."
        for path in bad[:10]
    ]
    lines += [
        "... and 3 more.",
        "13 of the 20 pictures of testB can not be used.",
    ]
    with pytest.raises(data.ImageError) as error:
        data.ImageFiles(paths, "testB").load((4, 4))
    assert str(error.value) == "\n".join(lines)


def test_files_of_another_bit_depth_are_named(tmp_path):
    paths = [save(tmp_path, "8.png"), tmp_path / "16.npy"]
    np.save(paths[1], np.zeros((4, 4, 3), "uint16"))
    message = (
        rf"^{re.escape(str(paths[1]))}: is uint16, but trainA is uint8\. "
        r"Convert all pictures to one bit depth\.\n"
        r"1 of the 2 pictures of trainA can not be used\.$"
    )
    with pytest.raises(data.ImageError, match=message):
        data.ImageFiles(paths, "trainA").load((4, 4))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(96, dtype="uint8").reshape(2, 4, 4, 3),
        np.arange(160, dtype="uint16").reshape(2, 4, 4, 5),
        np.linspace(-1, 1, 32).reshape(2, 4, 4, 1),
    ],
    ids=["uint8", "uint16", "float"],
)
def test_arrays_come_back_as_they_are(array):
    images = data.ArrayImages(array, "trainB")
    assert images.channels == array.shape[-1]
    np.testing.assert_allclose(images.load((4, 4)), array, atol=1e-7)
    assert images.filenames == ["000000", "000001"]


def test_arrays_without_channel_axis():
    images = data.ArrayImages(np.zeros((2, 4, 4), "uint8"), "x", ["p", "q"])
    assert images.load((3, 2)).shape == (2, 3, 2, 1)
    assert images.filenames == ["p", "q"]


BAD_ARRAYS = {
    "shape": (
        (np.zeros((4, 4), "uint8"),),
        ValueError,
        "`array` must have shape (n, height, width, channels) or "
        "(n, height, width). Received: shape (4, 4).",
    ),
    "range": (
        (np.full((1, 4, 4, 3), 255.0),),
        ValueError,
        "`array` must be in [-1, 1] if it holds floats. "
        "Received: other values, or NaN. Scale it first.",
    ),
    "dtype": (
        (np.zeros((1, 4, 4, 3), "int64"),),
        TypeError,
        "`array` must be uint8, uint16 or float. "
        "Received: dtype=int64. Cast it first.",
    ),
    "names": (
        (np.zeros((2, 4, 4, 3), "uint8"), ["a"]),
        ValueError,
        "`filenames` must name every picture. Received: 1 names, 2 pictures.",
    ),
    "empty": (
        (np.zeros((0, 4, 4, 3), "uint8"),),
        ValueError,
        "trainA must hold at least one picture. Received: none.",
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_are_refused(case):
    (array, *names), kind, message = BAD_ARRAYS[case]
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        data.ArrayImages(array, "trainA", *names)
