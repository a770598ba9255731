import importlib.resources
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from keras_gans import data

NAMES = ["emoji_faces", "emoji_outlines", "emoji_styles"]


def test_fashion_mnist_is_balanced():
    (x_train, y_train), (x_test, y_test) = data.load_fashion_mnist()
    assert x_train.shape == (4000, 28, 28) and x_train.dtype == np.uint8
    assert x_test.shape == (1000, 28, 28)
    np.testing.assert_array_equal(np.bincount(y_train), [400] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [100] * 10)


def test_emoji_pairs_belong_together():
    emoji = data.load_emoji_pairs()
    for split, count in (("train", 384), ("test", 75)):
        noto, twemoji = emoji[f"a_{split}"], emoji[f"b_{split}"]
        assert noto.shape == twemoji.shape == (count, 64, 64, 3)
        means = noto.mean((1, 2)), twemoji.mean((1, 2))
        paired = np.abs(means[0] - means[1]).mean()
        shuffled = np.abs(means[0] - np.roll(means[1], 7, axis=0)).mean()
        assert paired < 0.6 * shuffled
        assert len(set(emoji[f"name_{split}"])) == count


@pytest.fixture(scope="module", params=NAMES)
def domains(request):
    return data.open_embedded_domains(request.param)


def test_no_pair_is_in_training(domains):
    assert not set(domains.train_a.filenames) & set(domains.train_b.filenames)
    assert abs(len(domains.train_a) - len(domains.train_b)) <= 1
    assert domains.test_is_paired
    assert domains.test_a.filenames == domains.test_b.filenames
    for images in (domains.train_a, domains.train_b, domains.test_a):
        assert images.load((64, 64)).shape == (len(images), 64, 64, 3)


def test_domains_hold_what_their_names_say(domains):
    emoji = data.load_emoji_pairs()
    row_of = {name: row for row, name in enumerate(emoji["name_train"])}

    def expected(images, source):
        return emoji[f"{source}_train"][[row_of[n] for n in images.filenames]]

    source_a, source_b = {
        "emoji_faces": "bb",
        "emoji_outlines": "aa",
        "emoji_styles": "ab",
    }[domains.name]
    np.testing.assert_array_equal(
        domains.train_b.load((64, 64)), expected(domains.train_b, source_b)
    )
    drawn = expected(domains.train_a, source_a)
    if domains.name != "emoji_styles":
        drawn = np.repeat(data.outlines(drawn), 3, axis=-1)
    np.testing.assert_array_equal(domains.train_a.load((64, 64)), drawn)


def test_faces_are_a_part_of_the_emoji():
    faces = data.open_unpaired("embedded:emoji_faces", channels_a=1)
    assert len(faces.train_a) + len(faces.train_b) == 85
    assert len(faces.test_a) == 11
    assert "smiley" in faces.train_a.filenames + faces.train_b.filenames
    assert faces.train_a.channels == 1 and faces.train_b.channels == 3


def test_unknown_name_is_refused():
    message = (
        "`name` must be one of emoji_faces, emoji_outlines, emoji_styles. "
        "Received: name='emojis'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_embedded_domains("emojis")


def test_outline_of_a_disc_is_a_circle():
    picture = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(picture).ellipse((12, 4, 52, 44), fill=(255, 200, 0))
    drawing = data.outlines(np.asarray(picture)[None])
    assert drawing.shape == (1, 48, 64, 1) and drawing.dtype == np.uint8
    y, x = np.mgrid[:48, :64]
    distance = np.abs(np.hypot(x - 32, y - 24) - 20)
    assert np.min(drawing[0, ..., 0][distance > 3]) == 255
    assert np.mean(drawing[0, ..., 0][distance < 0.5]) < 90


def test_outline_of_a_plain_picture_is_white():
    plain = np.full((2, 16, 16, 3), 90, "uint8")
    np.testing.assert_array_equal(data.outlines(plain), 255)


def test_outlines_do_not_depend_on_the_other_pictures():
    pictures = data.load_emoji_pairs()["a_test"][:35]
    together = data.outlines(pictures)
    np.testing.assert_array_equal(together[33:], data.outlines(pictures[33:]))


def test_credits_are_shipped():
    folder = importlib.resources.files("keras_gans.data") / "embedded"
    notice = (folder / "NOTICE").read_text()
    assert (
        "Emoji graphics: Twemoji, copyright Twitter, Inc and other "
        "contributors, CC BY 4.0; composited over white" in notice
    )
    assert "Zalando" in (folder / "LICENSE.fashion_mnist").read_text()


def test_unknown_set_of_pictures_is_refused():
    message = (
        "`name` must be one of emoji, emoji_faces, fashion_mnist. "
        "Received: name='mnist'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_embedded_images("mnist")


@pytest.mark.parametrize("channels", [1, 3])
def test_labelled_fashion_mnist(channels):
    images = data.open_images("embedded:fashion_mnist", channels)
    assert (images.name, images.num_classes) == ("fashion_mnist", 10)
    assert [images.class_names[label] for label in (0, 1, 5, 8, 9)] == [
        "T-shirt/top",
        "Trouser",
        "Sandal",
        "Bag",
        "Ankle boot",
    ]
    for split, (pictures, labels) in zip(
        ("train", "test"), data.load_fashion_mnist()
    ):
        opened = getattr(images, split)
        assert opened.name == split
        np.testing.assert_array_equal(
            opened.load((28, 28)),
            np.repeat(pictures[..., None], channels, axis=-1),
        )
        np.testing.assert_array_equal(
            getattr(images, f"{split}_labels"), labels
        )
    assert images.train_labels.dtype == images.test_labels.dtype == np.int32


@pytest.mark.parametrize(
    ("name", "counts"), [("emoji", (384, 75)), ("emoji_faces", (85, 11))]
)
def test_labelled_emoji(name, counts):
    images = data.open_images(f"embedded:{name}")
    assert (images.name, images.class_names) == (name, ("noto", "twemoji"))
    pairs = data.load_emoji_pairs()
    for split, count in zip(("train", "test"), counts):
        opened = getattr(images, split)
        labels = getattr(images, f"{split}_labels")
        np.testing.assert_array_equal(np.bincount(labels), [count, count])
        row_of = {n: row for row, n in enumerate(pairs[f"name_{split}"])}
        drawings = (pairs[f"a_{split}"], pairs[f"b_{split}"])
        loaded = opened.load((64, 64))
        for index, label in enumerate(labels):
            designer, emoji = opened.filenames[index].split("/")
            assert designer == images.class_names[label]
            np.testing.assert_array_equal(
                loaded[index], drawings[label][row_of[emoji]]
            )
    assert not set(images.train.filenames) & set(images.test.filenames)


def test_labelled_faces_are_those_of_the_unpaired_task():
    faces = data.open_images("embedded:emoji_faces").train.filenames
    domains = data.open_unpaired("embedded:emoji_faces")
    names = domains.train_a.filenames + domains.train_b.filenames
    assert {name.split("/")[1] for name in faces} == set(names)
