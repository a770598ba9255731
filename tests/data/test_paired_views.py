"""Halves, aligned pairs, label maps and outlines."""

import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data
from tests.data.files import colours


def as_set(array, name="train"):
    return data.ArrayImages(np.asarray(array)[None], name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_halves_are_cut_in_the_middle(dtype):
    picture = colours(5, 8, dtype=dtype)
    for half, expected in (("left", picture[:, :4]), ("right", picture[:, 4:])):
        view = data.HalfImages(as_set(picture), half, "train")
        assert view.name == f"train ({half} halves)"
        assert (len(view), view.channels, view.dtype) == (1, 3, dtype)
        np.testing.assert_array_equal(view.read(0, (5, 4)), expected)


def test_halves_are_resized_after_the_cut():
    # No colour of one half may bleed into the other.
    picture = np.zeros((6, 12, 3), "uint8")
    picture[:, 6:] = 255
    left, right = (
        data.HalfImages(as_set(picture), half, "train").load((5, 5))
        for half in ("left", "right")
    )
    assert np.all(left == 0) and np.all(right == 255)


def test_odd_width_is_refused_by_name(tmp_path):
    path = tmp_path / "pair.png"
    Image.new("RGB", (513, 256)).save(path)
    view = data.HalfImages(data.ImageFiles([path], "train"), "left", "train")
    message = (
        f"{path}: is 513 pixels wide, an odd number, and so has no two equal "
        "halves. Save A and B side by side at one size."
    )
    with pytest.raises(data.ImageError, match=f"^{re.escape(message)}$"):
        view.read(0, (4, 4))


def test_unknown_half_is_refused():
    message = "`half` must be one of left, right. Received: half='A'."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.HalfImages(as_set(colours()), "A", "train")


@pytest.mark.parametrize("old", [(12, 9), (9, 12), (5, 5), (86, 7)], ids=str)
@pytest.mark.parametrize("new", [(9, 12), (7, 4), (5, 5), (13, 30)], ids=str)
def test_label_maps_take_the_pixel_with_the_nearest_centre(old, new):
    places = np.stack(np.indices(old), axis=-1).astype("uint8")
    read = data.LabelMaps(as_set(places)).read(0, new)
    for axis in (0, 1):
        old_centres = (np.arange(old[axis]) + 0.5) / old[axis]
        new_centres = (np.arange(new[axis]) + 0.5) / new[axis]
        distances = np.abs(old_centres[:, None] - new_centres)
        chosen = np.moveaxis(read[..., axis], axis, 0)
        # One and the same along the other axis.
        np.testing.assert_array_equal(chosen, chosen[:, :1] + 0 * chosen)
        taken = np.take_along_axis(distances, chosen[:, :1].T.astype(int), 0)
        np.testing.assert_allclose(taken[0], distances.min(axis=0))


def test_label_maps_are_resized_as_pillow_does_it():
    picture = colours(255, 63)  # Odd: no centre is between two pixels.
    expected = Image.fromarray(picture).resize(
        (71, 286), Image.Resampling.NEAREST
    )
    label_maps = data.LabelMaps(as_set(picture))
    np.testing.assert_array_equal(label_maps.read(0, (286, 71)), expected)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_label_maps_of_any_kind_keep_their_values(dtype):
    picture = (colours(6, 8, channels=5) / 255).astype(dtype)
    label_maps = data.LabelMaps(as_set(picture))
    resized = label_maps.read(0, (12, 24))
    assert resized.dtype == dtype and label_maps.channels == 5
    # Each pixel two high and three wide.
    np.testing.assert_array_equal(resized, picture.repeat(2, 0).repeat(3, 1))


def test_label_map_of_another_bit_depth_is_named(tmp_path):
    for name, dtype in (("a.npy", "uint8"), ("b.npy", "uint16")):
        np.save(tmp_path / name, np.zeros((4, 4, 3), dtype))
    files = data.ImageFiles(data.list_images(tmp_path), "trainA")
    message = (
        f"{tmp_path}/b.npy: is uint16, but trainA is uint8. Convert all "
        "pictures to one bit depth."
    )
    with pytest.raises(data.ImageError, match=f"^{re.escape(message)}$"):
        data.LabelMaps(files).read(1, (4, 4))


def areas(num_colours, side=64):
    """A picture of as many vertical stripes, at most, as it is wide."""
    stripes = np.arange(side) * num_colours // side
    return np.broadcast_to(stripes[:, None], (side, side, 1)).astype("uint8")


@pytest.mark.parametrize(
    ("picture", "verdict"),
    [
        (areas(3), True),
        (areas(64), True),
        (areas(2), False),
        (areas(1), False),
        (areas(65, side=130), False),
        (areas(5, side=8), False),  # 13 pixels a colour: too small to tell.
        (colours(64, 64), False),
        (np.repeat(areas(12), 3, axis=-1), True),
    ],
    ids=[
        "3_colours",
        "64_colours",
        "drawing",
        "plain",
        "65_colours",
        "tiny",
        "noise",
        "rgb",
    ],
)
def test_what_looks_like_a_label_map(picture, verdict):
    assert data.looks_like_label_map(picture) is verdict


def test_large_photograph_with_a_plain_border_is_no_label_map():
    picture = np.zeros((512, 512, 3), "uint8")
    picture[128:384, 128:384] = colours(256, 256)
    assert not data.looks_like_label_map(picture)


def disc(size):
    y, x = np.mgrid[:size, :size] / size - 0.5
    inside = np.hypot(y, x) < 0.3
    return np.where(inside[..., None], np.uint8([250, 200, 0]), np.uint8(255))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_outlines_are_drawn_at_the_size_that_is_read(channels):
    images = as_set(disc(48))
    edges = data.EdgeImages(images, channels)
    read = edges.read(0, (32, 32))
    assert read.shape == (32, 32, channels) and edges.dtype == np.uint8
    drawn = data.outlines(images.read(0, (32, 32))[None])[0]
    np.testing.assert_array_equal(read[..., :1], drawn)
    np.testing.assert_array_equal(edges.load((32, 32))[0], read)
    if channels == 4:
        assert np.all(read[..., 3] == 255)


def test_lines_of_a_large_picture_do_not_fade():
    edges = data.EdgeImages(as_set(disc(256)), 1)
    assert edges.read(0, (32, 32)).min() < 60
    # The control: drawn first, and made smaller afterwards.
    drawn = data.outlines(disc(256)[None])[0]
    assert data.resize(drawn, (32, 32)).min() > 100


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_outlines_do_not_depend_on_the_bit_depth(dtype):
    picture = disc(16).astype("float64")
    deep = picture * 257 if dtype == "uint16" else picture / 127.5 - 1
    edges = data.EdgeImages(as_set(deep.astype(dtype)), 1)
    expected = data.outlines(disc(16)[None])[0]
    np.testing.assert_array_equal(edges.read(0, (16, 16)), expected)


def test_colours_below_transparent_pixels_have_no_outlines():
    picture = np.dstack([disc(16), np.zeros((16, 16), "uint8")])
    edges = data.EdgeImages(as_set(picture), 1)
    assert np.all(edges.read(0, (16, 16)) == 255)


def test_outlines_of_other_channels_are_refused():
    message = "Outlines must have 1, 3 or 4 channels. Received: channels=2."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.EdgeImages(as_set(colours()), 2)
