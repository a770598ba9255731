import re

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans import build_unet_generator, inference_view
from keras_gans.models.inference import NORM_MODES
from keras_gans.prediction import ImageTranslator, tiled_network
from tests.networks import torch_parity
from tests.prediction.examples import emoji, resized, resnet

LEVEL = 2 / 255  # One level of 8 bits.
# A quarter of 112 pixels is more than what the network sees.
IN_TILES = {"tile_size": 160, "overlap": 112}


def unet(size=(16, 16)):
    network = build_unet_generator((*size, 3), 2, 4, 4, dropout=0.0)
    torch_parity.randomize(network)
    return network


def difference(one, other):
    """Mean difference, in levels of 8 bits."""
    return np.mean(np.abs(one - other)) / LEVEL


def tiles_by_their_own_statistics(network, image, side):
    """What one gets by translating parts of a picture one by one."""
    translator = ImageTranslator(network)
    output = np.empty(image.shape, "float32")
    for top in range(0, image.shape[0], side):
        for left in range(0, image.shape[1], side):
            place = np.s_[top : top + side, left : left + side]
            output[place] = translator.translate(image[place])
    return output


def steps_across(image, columns):
    """Mean difference between neighbours left and right of some columns."""
    columns = np.asarray(columns)
    return np.mean(np.abs(image[:, columns] - image[:, columns - 1])) / LEVEL


@pytest.mark.parametrize("build", [resnet, unet])
@pytest.mark.parametrize("size", [(32, 48), (64, 16)], ids=str)
def test_size_that_fits_is_translated_as_if_built_for_it(build, size):
    network = build()
    image = emoji(*size)
    expected = resized(network, build, size)(image[None])[0]
    output = ImageTranslator(network).translate(image)
    assert output.dtype == np.float32
    np.testing.assert_allclose(output, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "size", "padded"),
    [(resnet, (33, 46), (36, 48)), (unet, (5, 17), (16, 32))],
    ids=["resnet", "unet"],
)
def test_other_sizes_are_padded_and_cropped(build, size, padded):
    network = build()
    image = emoji(*size)
    pads = [(0, long - short) for long, short in zip(padded, size)]
    mirrored = np.pad(image, [*pads, (0, 0)], "reflect")
    expected = resized(network, build, padded)(mirrored[None])[0]
    output = ImageTranslator(network).translate(image)
    assert output.shape[:2] == size
    np.testing.assert_allclose(
        output, expected[: size[0], : size[1]], atol=1e-5
    )


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (3, 3), (8, 4)], ids=str)
@pytest.mark.parametrize("build", [resnet, unet])
def test_smallest_images(build, size):
    output = ImageTranslator(build()).translate(emoji(*size))
    assert output.shape[:2] == size
    assert np.all(np.isfinite(output))


@pytest.mark.parametrize(
    ("normalization", "norm_mode"),
    [("instance", "running"), *(("batch", mode) for mode in NORM_MODES)],
)
def test_tiles_are_the_whole(normalization, norm_mode):
    network = inference_view(resnet((16, 16), normalization), norm_mode)
    image = emoji(301, 418)
    whole = ImageTranslator(network).translate(image)
    translator = ImageTranslator(network, **IN_TILES)
    assert translator.needs_tiles(image.shape[:2])
    output = translator.translate(image)
    assert output.shape == whole.shape
    np.testing.assert_allclose(output, whole, atol=0.1 * LEVEL)


def test_tiles_by_their_own_statistics_are_not_the_whole():
    network, image = resnet(), emoji(320, 320)
    whole = ImageTranslator(network).translate(image)
    tiles = tiles_by_their_own_statistics(network, image, 160)
    assert difference(tiles, whole) > 2
    # Without norms they differ by what is missing around them, no more.
    network = resnet(normalization="none")
    whole = ImageTranslator(network).translate(image)
    tiles = tiles_by_their_own_statistics(network, image, 160)
    assert difference(tiles[30:130, 30:130], whole[30:130, 30:130]) < 1e-3


def test_nothing_is_kept_of_wide_features(monkeypatch):
    image = emoji(200, 300)
    network = resnet()
    whole = ImageTranslator(network).translate(image)
    monkeypatch.setattr(tiled_network, "_MOST_VALUES_PER_PIXEL", 0)
    output = ImageTranslator(network, **IN_TILES).translate(image)
    np.testing.assert_allclose(output, whole, atol=0.1 * LEVEL)


def test_images_in_tiles_do_not_change_the_next_ones():
    translator = ImageTranslator(resnet(), **IN_TILES)
    first, second = emoji(200, 300), -emoji(320, 180)
    outputs = [translator.translate(image) for image in (first, second, first)]
    np.testing.assert_array_equal(outputs[0], outputs[2])
    np.testing.assert_array_equal(
        outputs[1], ImageTranslator(resnet(), **IN_TILES).translate(second)
    )


def test_large_picture_has_no_seams():
    network, image = resnet(), emoji(1024, 1024)
    whole = ImageTranslator(network).translate(image)
    # Spans of 292 pixels, which pass on in the middle of the overlap of 48.
    output = ImageTranslator(network, tile_size=300, overlap=48).translate(
        image
    )
    borders = [268, 512, 756]
    passages = np.concatenate([np.arange(b - 12, b + 12) for b in borders])
    elsewhere = np.setdiff1d(np.arange(1, 1024), passages)
    assert difference(output, whole) < 2
    for turn in (np.asarray, lambda image: image.swapaxes(0, 1)):
        tiled, untiled = turn(output), turn(whole)
        at_passages = steps_across(tiled, passages)
        assert abs(at_passages / steps_across(untiled, passages) - 1) < 0.01
        seams = steps_across(tiled - untiled, passages)
        assert seams < 0.01 * steps_across(untiled, elsewhere)
    # Neither would be true of tiles that are cut and translated one by one.
    tiles = tiles_by_their_own_statistics(network, image, 256)
    seams = steps_across(tiles - whole, [256, 512, 768])
    assert seams > 0.1 * steps_across(whole, elsewhere)
    assert difference(tiles, whole) > 2


def test_unet_in_tiles_keeps_its_skips():
    network = inference_view(unet())
    image = emoji(192, 256)
    whole = ImageTranslator(network).translate(image)
    output = ImageTranslator(network, 128, 64).translate(image)
    # The way through the bottleneck is longer than the overlap.
    assert 1e-3 < difference(output, whole) < 2


def test_weights_are_those_of_the_network():
    network, image = resnet(), emoji(200, 300)
    translators = [
        ImageTranslator(network),
        ImageTranslator(network, **IN_TILES),
    ]
    before = [translator.translate(image) for translator in translators]
    head = network.get_layer("head")
    head.kernel.assign(0 * head.kernel)
    expected = np.broadcast_to(np.tanh(head.bias), image.shape)
    for translator, output in zip(translators, before):
        assert np.std(output) > 0.1
        np.testing.assert_allclose(
            translator.translate(image), expected, atol=1e-6
        )


def test_half_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = resnet()
    finally:
        keras.config.set_dtype_policy(policy)
    image = emoji(200, 300)
    whole = ImageTranslator(network).translate(image)
    output = ImageTranslator(network, **IN_TILES).translate(image)
    assert whole.dtype == output.dtype == np.float32
    assert difference(output, whole) < 1


@pytest.mark.parametrize(
    ("size", "in_tiles"),
    [((160, 160), False), ((1600, 16), False), ((160, 161), True)],
    ids=str,
)
def test_tiles_are_for_more_pixels_than_one_has(size, in_tiles):
    assert ImageTranslator(resnet(), **IN_TILES).needs_tiles(size) == in_tiles


def test_tiles_of_a_unet_share_more_by_default():
    # It sees its own side far: twice 64 pixels are less than the 128 that all
    # have, twice 128 are more. No tile shares more than half of itself.
    deep = build_unet_generator((128, 128, 3), filters=1)
    overlaps = [
        ImageTranslator(network, tile_size).overlap
        for network, tile_size in (
            (resnet(), 1024),
            (unet(), 1024),
            (deep, 1024),
            (deep, 384),
            (resnet(), 100),
        )
    ]
    assert overlaps == [128, 128, 256, 192, 50]


@pytest.mark.parametrize(
    ("network", "arguments", "message"),
    [
        (
            resnet(),
            {"tile_size": 100, "overlap": 128},
            "`tile_size` must be at least 132 for this network and "
            "`overlap=128`. Received: tile_size=100.",
        ),
        (
            unet(),
            {"tile_size": 40, "overlap": 20},
            "`tile_size` must be at least 48 for this network and "
            "`overlap=20`. Received: tile_size=40.",
        ),
        # Two of its multiples: its bottleneck would see too little.
        (
            unet(),
            {"tile_size": 32, "overlap": 0},
            "`tile_size` must be at least 48 for this network and "
            "`overlap=0`. Received: tile_size=32.",
        ),
        (
            resnet(),
            {"overlap": -1},
            "`overlap` must be >= 0. Received: overlap=-1.",
        ),
    ],
    ids=["tile", "unet_tile", "two_multiples", "overlap"],
)
def test_what_cannot_be_is_refused(network, arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ImageTranslator(network, **arguments)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (1, 8, 8, 3)], ids=str)
def test_image_of_another_shape_is_refused(shape):
    message = (
        f"`image` must have shape (height, width, 3). Received: shape {shape}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ImageTranslator(resnet()).translate(np.zeros(shape))


def test_other_group_norms_cannot_be_tiled():
    images = layers.Input((8, 8, 4))
    network = keras.Model(
        images, layers.GroupNormalization(2, name="two_groups")(images)
    )
    translator = ImageTranslator(network, 16, 4)
    assert translator.translate(np.ones((8, 8, 4))).shape == (8, 8, 4)
    message = (
        "`network` must have no group normalisation but instance "
        "normalisation, to be run in tiles. Received: the layer 'two_groups'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        translator.translate(np.ones((32, 32, 4)))
