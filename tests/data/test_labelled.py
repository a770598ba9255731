import dataclasses
import re

import numpy as np
import pytest

from keras_gans import data
from tests.data.files import noisy, numbered

GOOD = {
    "train": numbered(4, "train"),
    "train_labels": np.array([0, 1, 2, 1], "int32"),
    "test": numbered(2, "test"),
    "test_labels": np.array([2, 0], "int32"),
    "class_names": ("cat", "dog", "fox"),
    "name": "animals",
}
UNLABELLED = {"train_labels": None, "test_labels": None, "class_names": ()}


def test_number_of_classes():
    assert data.LabelledImages(**GOOD).num_classes == 3
    assert data.LabelledImages(**{**GOOD, **UNLABELLED}).num_classes == 0


@pytest.mark.parametrize(
    "absent", [["test_labels"], ["test", "test_labels"]], ids=len
)
def test_what_may_be_absent(absent):
    images = data.LabelledImages(**{**GOOD, **dict.fromkeys(absent)})
    assert images.num_classes == 3


def test_sets_can_not_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.LabelledImages(**GOOD).name = "plants"


def test_pictures_and_labels_are_loaded_together():
    images = data.LabelledImages(**GOOD)
    pixels = GOOD["train"].load((8, 8))
    pictures, labels = images.load("train", (8, 8))
    np.testing.assert_allclose(pictures, pixels / 127.5 - 1, atol=1e-6)
    assert pictures.dtype == "float32"
    np.testing.assert_array_equal(labels, GOOD["train_labels"])
    few, labels_of_few = images.load("train", (8, 8), most=2)
    np.testing.assert_array_equal(few, pictures[[0, 3]])
    np.testing.assert_array_equal(labels_of_few, [0, 1])


def test_what_is_absent_is_loaded_as_nothing():
    images = data.LabelledImages(
        **{**GOOD, **UNLABELLED, "test": None, "test_labels": None}
    )
    assert images.load("test", (8, 8)) == (None, None)
    assert images.load("train", (8, 8))[1] is None


BAD_SETS = {
    "count": (
        {"train_labels": np.array([0, 1, 2])},
        "`train_labels` must hold one label per picture. "
        "Received: shape (3,), for 4 pictures.",
    ),
    "test_count": (
        {"test_labels": np.array([[0], [1]])},
        "`test_labels` must hold one label per picture. "
        "Received: shape (2, 1), for 2 pictures.",
    ),
    "no_test_pictures": (
        {"test": None},
        "`test_labels` must hold one label per picture. "
        "Received: shape (2,), for 0 pictures.",
    ),
    "float": (
        {"test_labels": np.array([0.0, 1.0], "float32")},
        "`test_labels` must be integers. Received: dtype=float32.",
    ),
    "bool": (
        {"test_labels": np.array([True, False])},
        "`test_labels` must be integers. Received: dtype=bool.",
    ),
    "large": (
        {"train_labels": np.array([0, 1, 3, 1])},
        "`train_labels` must be at least 0 and less than the number of "
        "classes, 3. Received: 3.",
    ),
    "negative": (
        {"test_labels": np.array([0, -1])},
        "`test_labels` must be at least 0 and less than the number of "
        "classes, 3. Received: -1.",
    ),
    "no_class_names": (
        {"class_names": ()},
        "`train_labels` must be at least 0 and less than the number of "
        "classes, 0. Received: 0.",
    ),
    "no_labels": (
        {"train_labels": None},
        "`class_names` must be empty if there are no `train_labels`. "
        "Received: class_names=('cat', 'dog', 'fox').",
    ),
}


@pytest.mark.parametrize("case", BAD_SETS)
def test_labels_that_do_not_fit_are_refused(case):
    changed, message = BAD_SETS[case]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.LabelledImages(**{**GOOD, **changed})


def test_open_images_lists_the_three_forms():
    message = (
        "`spec` must be embedded:NAME, such as embedded:fashion_mnist, or "
        "tfds:NAME, such as tfds:mnist, or the path of a folder that holds "
        "IDX files, pictures, or one folder per class. "
        "Received: spec='flowers', which is not there."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        data.open_images("flowers")


def test_open_images_opens_embedded_sets_and_folders(tmp_path):
    grey = data.open_images("embedded:fashion_mnist", channels=1)
    assert (grey.name, grey.train.channels) == ("fashion_mnist", 1)
    np.save(tmp_path / "0.npy", noisy(1, 0, channels=5).load((9, 11))[0])
    folder = data.open_images(tmp_path, channels=5)
    assert folder.train.load((9, 11)).shape == (1, 9, 11, 5)


def test_opened_sets_go_through_the_pipeline():
    images = data.open_images("embedded:fashion_mnist", channels=1)
    pipeline = data.ImagePipeline(
        images.train,
        (28, 28),
        batch_size=100,
        labels=images.train_labels,
        num_classes=images.num_classes,
    )
    x, y = next(iter(pipeline.dataset()))
    assert x.shape == (100, 28, 28, 1) and np.bincount(y).sum() == 100
    # Trousers are dark between the legs, bags are not.
    columns = data.to_uint8(x)[:, 18:26, 13:15, 0].mean(axis=(1, 2))
    y = y.numpy()
    assert columns[y == 1].mean() < 0.5 * columns[y == 8].mean()
