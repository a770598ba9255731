import errno
import io
import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data
from tests.data.files import colours


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_is_read_as_it_was_written(channels, dtype, tmp_path):
    image = colours(channels=channels, dtype=dtype)
    data.write_png(tmp_path / "a.png", image)
    read = data.read_image(tmp_path / "a.png", channels)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_pillow_reads_it_too(channels, mode, tmp_path):
    image = colours(channels=channels)
    data.write_png(tmp_path / "a.png", image)
    picture = Image.open(io.BytesIO((tmp_path / "a.png").read_bytes()))
    assert (picture.format, picture.mode) == ("PNG", mode)
    np.testing.assert_array_equal(picture, image.squeeze())


def test_npy_is_read_as_it_was_written(tmp_path):
    image = np.linspace(-1.5, 1.5, 30).reshape(2, 3, 5)
    data.write_npy(tmp_path / "a.npy", image)
    read = data.read_image(tmp_path / "a.npy", 5)
    np.testing.assert_array_equal(read, np.float32(np.clip(image, -1, 1)))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((4, 4), "uint8"), ((4, 4, 2), "uint8"), ((4, 4, 3), "float32")],
    ids=str,
)
def test_what_no_png_holds_is_refused(shape, dtype, tmp_path):
    message = re.escape(
        "`image` must be a uint8 or uint16 array (height, width, channels) "
        f"with 1, 3 or 4 channels. Received: {dtype} of shape {shape}."
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        data.write_png(tmp_path / "a.png", np.zeros(shape, dtype))
    assert not list(tmp_path.iterdir())


def test_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    write_bytes = pathlib.Path.write_bytes

    def write_half(self, content):
        write_bytes(self, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        data.write_png(path, colours())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_link_is_replaced_and_not_followed(tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(b"original")
    (tmp_path / "a.png").symlink_to(original)
    data.write_png(tmp_path / "a.png", colours())
    assert original.read_bytes() == b"original"
