"""Finds pictures, and the classes they belong to, in a user's folders."""

import numpy as np

from keras_gans.data import folders, image_set
from keras_gans.data.labelled_images import LabelledImages

# Folders so named are parts of a set. Whoever has spelt them in another way
# would otherwise train on classes called "Train" and "Test".
_PARTS = frozenset(
    ("train", "training", "test", "testing", "val", "valid", "validation")
    + ("traina", "trainb", "testa", "testb")
)


def open_folder_images(data_dir, channels=3):
    """Opens a folder of pictures, or of one folder of pictures per class.

    - Pictures in the folder itself: no labels.
    - Folders in it: one class each, in the order of their sorted names, with
      all pictures in them and in their subfolders.
    - `train` and, if there, `test`: each is a folder of one of these forms.

    Args:
        data_dir: Path of the folder.
        channels: Integer. Defaults to 3.

    Returns:
        A `LabelledImages`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it has another form, or holds no pictures, or if a
            class of the test pictures is none of the training pictures.
    """
    data_dir = folders.require_folder(data_dir)
    parts = _find_parts(data_dir)
    train, train_labels, class_names = _open_part(
        parts["train"], "train", channels
    )
    test = test_labels = None
    if "test" in parts:
        test, test_labels, test_names = _open_part(
            parts["test"], "test", channels
        )
        unknown = [name for name in test_names if name not in class_names]
        if unknown:
            raise ValueError(
                f"{parts['test']} must hold no classes but those of "
                f"{parts['train']}: {folders.join_names(class_names)}. "
                f"Found beside them: {folders.join_names(unknown)}."
            )
        if test_names:
            # The test pictures may lack a class, which shifts their labels.
            train_label_of = [class_names.index(name) for name in test_names]
            test_labels = np.int32(train_label_of)[test_labels]
    return LabelledImages(
        train=train,
        train_labels=train_labels,
        test=test,
        test_labels=test_labels,
        class_names=class_names,
        name=data_dir.resolve().name,
    )


def _find_parts(data_dir):
    """Maps `"train"` and, if there, `"test"` to their folders."""
    names = folders.folder_names(data_dir)
    if not any(folders.letters(name) in _PARTS for name in names):
        return {"train": data_dir}
    if _count_loose(data_dir) or names not in (["train"], ["test", "train"]):
        raise ValueError(
            f"{data_dir} must hold the folder train and, if you like, test, "
            "and no other folders or pictures. "
            f"Found: {_describe(data_dir, names)}."
        )
    return {name: data_dir / name for name in names}


def _open_part(folder, part, channels):
    """Opens pictures; returns them, their labels and the class names."""
    names = folders.folder_names(folder)
    if _count_loose(folder):
        if any(folders.count_pictures(folder / name) for name in names):
            raise ValueError(
                f"{folder} must hold either pictures or one folder per class. "
                f"Found: {_describe(folder, names)}."
            )
        names = []
    if not names:
        paths = folders.list_images(folder)
        return image_set.ImageFiles(paths, part, channels), None, ()
    paths_of_classes = [folders.list_images(folder / name) for name in names]
    paths = [path for paths in paths_of_classes for path in paths]
    labels = np.repeat(
        np.arange(len(names), dtype="int32"), list(map(len, paths_of_classes))
    )
    return image_set.ImageFiles(paths, part, channels), labels, tuple(names)


def _count_loose(folder):
    """The number of pictures in a folder itself."""
    return sum(
        folders.is_picture(path) and path.is_file() and path.name[0] != "."
        for path in folder.iterdir()
    )


def _describe(folder, names):
    loose = _count_loose(folder)
    found = [f"{loose} pictures"] if loose else []
    for name in names:
        count = folders.count_pictures(folder / name)
        found.append(f"{name} ({count} pictures)")
    return folders.join_names(found)
