import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data


def fill(folder, *levels):
    """Writes pictures of one grey level each, named in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, level in enumerate(levels):
        Image.new("L", (4, 4), level).save(folder / f"{index}.png")
    return folder


def levels_of(images):
    return images.load((4, 4))[:, 0, 0, 0].tolist()


def test_pictures_in_a_folder_have_no_labels(tmp_path):
    folder = fill(tmp_path / "flowers", 10, 20, 30)
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.txt").write_text("text")
    (folder / ".thumbnails").mkdir()
    images = data.open_images(folder)
    assert (images.name, images.class_names) == ("flowers", ())
    assert levels_of(images.train) == [10, 20, 30]
    assert images.train.channels == 3 and images.train.name == "train"
    assert images.train_labels is images.test is images.test_labels is None


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    fill(tmp_path / "dog", 20, 21)
    fill(tmp_path / "cat", 10)
    fill(tmp_path / "dog" / "puppies", 22)
    fill(tmp_path / ".hidden", 99)
    (tmp_path / "labels.csv").write_text("text")
    images = data.open_images(str(tmp_path), channels=1)
    assert images.class_names == ("cat", "dog")
    assert levels_of(images.train) == [10, 20, 21, 22]
    assert images.train_labels.tolist() == [0, 1, 1, 1]
    assert images.train_labels.dtype == np.int32
    assert images.train.filenames == [
        "cat/0.png",
        "dog/0.png",
        "dog/1.png",
        "dog/puppies/0.png",
    ]


def test_parts_with_classes(tmp_path):
    for name, *levels in (("ant", 1), ("bee", 2, 3), ("cow", 4)):
        fill(tmp_path / "train" / name, *levels)
    # Without ants, and so with labels that are not 0 and 1.
    fill(tmp_path / "test" / "cow", 5)
    fill(tmp_path / "test" / "bee", 6)
    images = data.open_images(tmp_path)
    assert images.class_names == ("ant", "bee", "cow")
    assert images.train_labels.tolist() == [0, 1, 1, 2]
    assert levels_of(images.test) == [6, 5]
    assert images.test_labels.tolist() == [1, 2]
    assert images.test_labels.dtype == np.int32


def test_parts_without_classes(tmp_path):
    fill(tmp_path / "train", 1, 2)
    fill(tmp_path / "test", 3)
    images = data.open_images(tmp_path)
    assert (levels_of(images.train), levels_of(images.test)) == ([1, 2], [3])
    assert images.train_labels is images.test_labels is None
    assert images.num_classes == 0


def test_test_pictures_may_lack_labels(tmp_path):
    fill(tmp_path / "train" / "cat", 1)
    fill(tmp_path / "test", 2)
    images = data.open_images(tmp_path)
    assert images.train_labels.tolist() == [0]
    assert levels_of(images.test) == [2] and images.test_labels is None


def test_training_pictures_alone(tmp_path):
    fill(tmp_path / "train" / "cat", 1)
    images = data.open_images(tmp_path)
    assert images.class_names == ("cat",) and images.test is None


@pytest.mark.parametrize("part", ["", "train"])
def test_pictures_beside_class_folders_are_refused(tmp_path, part):
    folder = fill(tmp_path / part, 1, 2)
    fill(folder / "cat", 1)
    fill(folder / "dog", 1, 2, 3)
    message = (
        f"{folder} must hold either pictures or one folder per class. "
        "Found: 2 pictures, cat (1 pictures), dog (3 pictures)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images(tmp_path)


BAD_PARTS = {
    "misspelt": (["Train", "Test"], "Test (1 pictures), Train (1 pictures)"),
    "other_words": (
        ["training", "validation"],
        "training (1 pictures), validation (1 pictures)",
    ),
    "third_part": (
        ["train", "test", "val"],
        "test (1 pictures), train (1 pictures), val (1 pictures)",
    ),
    "class_beside_train": (
        ["bus", "car", "train"],
        "bus (1 pictures), car (1 pictures), train (1 pictures)",
    ),
    "test_only": (["test"], "test (1 pictures)"),
    "two_domains": (
        ["trainA", "trainB"],
        "trainA (1 pictures), trainB (1 pictures)",
    ),
    "pictures_beside_train": (
        ["", "train"],
        "1 pictures, train (1 pictures)",
    ),
}


@pytest.mark.parametrize("case", BAD_PARTS)
def test_other_parts_are_refused(tmp_path, case):
    names, found = BAD_PARTS[case]
    for name in names:
        fill(tmp_path / name, 1)
    message = (
        f"{tmp_path} must hold the folder train and, if you like, test, and "
        f"no other folders or pictures. Found: {found}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images(tmp_path)


@pytest.mark.parametrize("labelled", [True, False])
def test_classes_that_are_only_in_test_are_refused(tmp_path, labelled):
    fill(tmp_path / "train" / ("cat" if labelled else ""), 1)
    for name in ("cat", "dog", "fox"):
        fill(tmp_path / "test" / name, 1)
    classes, unknown = (
        ("cat", "dog, fox") if labelled else ("nothing", "cat, dog, fox")
    )
    message = (
        f"{tmp_path}/test must hold no classes but those of {tmp_path}/train: "
        f"{classes}. Found beside them: {unknown}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images(tmp_path)


def test_class_without_pictures_is_refused(tmp_path):
    fill(tmp_path / "cat", 1)
    fill(tmp_path / "dog")
    message = (
        f"{tmp_path}/dog must hold pictures (PNG, JPEG, WebP, BMP or .npy "
        "files). Found: no files."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images(tmp_path)


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Found: no files."):
        data.open_images(tmp_path)


def test_long_lists_are_cut(tmp_path):
    fill(tmp_path, 1)
    for index in range(30):
        fill(tmp_path / f"class_{index:02d}", 1)
    with pytest.raises(ValueError) as error:
        data.open_images(tmp_path)
    assert str(error.value).endswith("class_18 (1 pictures), ....")


def test_missing_folder_says_what_is_there(tmp_path):
    fill(tmp_path / "flowers", 1)
    message = (
        f"{tmp_path}/flower must be a folder. There is no such folder. "
        f"{tmp_path} is there; it holds: flowers."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        data.open_folder_images(tmp_path / "flower")
