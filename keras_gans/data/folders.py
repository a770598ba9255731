"""Finds pictures in a user's folders."""

import collections
import difflib
import os
import pathlib

from keras_gans.data import image_set
from keras_gans.data.unpaired_domains import UnpairedDomains

# What is listed as a picture. The last row is not read, but a picture that is
# left out in silence is worse than an error which names it.
_EXTENSIONS = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".npy")
    + (".gif", ".apng", ".tif", ".tiff", ".avif", ".heic", ".heif", ".jp2")
)
_REQUIRED = ("trainA", "trainB")
_OPTIONAL = ("testA", "testB")
_SHOWN_FOLDERS = 20


def list_images(folder):
    """Lists the pictures in a folder and its subfolders.

    Hidden files and folders are left out. Links to folders are followed, each
    folder once.

    Args:
        folder: Path of a folder.

    Returns:
        A sorted list of `pathlib.Path`, never empty.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds no pictures.
    """
    folder = require_folder(folder)
    files = _list_files(folder)
    paths = [path for path in files if is_picture(path)]
    if not paths:
        raise ValueError(
            f"{folder} must hold pictures (PNG, JPEG, WebP, BMP or .npy "
            f"files). Found: {_count_kinds(files)}."
        )
    return paths


def open_folder_domains(data_dir, channels_a=3, channels_b=3):
    """Opens the folders `trainA`, `trainB` and, if there, `testA`, `testB`.

    Args:
        data_dir: Path of the folder that holds them.
        channels_a: Integer. Channels of domain a. Defaults to 3.
        channels_b: Integer. Channels of domain b. Defaults to 3.

    Returns:
        An `UnpairedDomains`.

    Raises:
        FileNotFoundError: If a folder is missing or misspelt; it shows the
            folders that were found.
        ValueError: If a folder holds no pictures.
    """
    data_dir = require_folder(data_dir)
    found = folder_names(data_dir)
    missing = [name for name in _REQUIRED if name not in found]
    misspelt = [
        name
        for name in _OPTIONAL
        if name not in found and letters(name) in map(letters, found)
    ]
    if missing or misspelt:
        raise FileNotFoundError(
            _describe_tree(data_dir, found, missing + misspelt)
        )

    def open_files(name, channels):
        if name not in found:
            return None
        paths = list_images(data_dir / name)
        return image_set.ImageFiles(paths, name, channels)

    return UnpairedDomains(
        train_a=open_files("trainA", channels_a),
        train_b=open_files("trainB", channels_b),
        test_a=open_files("testA", channels_a),
        test_b=open_files("testB", channels_b),
        test_is_paired=False,
        name=data_dir.resolve().name,
    )


def require_folder(folder):
    """Returns the path of a folder, or says what is there in its place."""
    folder = pathlib.Path(folder).expanduser()
    if folder.is_dir():
        return folder
    parent = next(path for path in folder.absolute().parents if path.is_dir())
    names = sorted(n for n in os.listdir(parent) if not n.startswith("."))
    raise FileNotFoundError(
        f"{folder} must be a folder. "
        + ("It is a file." if folder.exists() else "There is no such folder.")
        + f" {parent} is there; it holds: {join_names(names)}."
    )


def folder_names(folder):
    """Sorted names of the folders in a folder, without the hidden ones."""
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )


def count_pictures(folder):
    """The number of pictures in a folder and its subfolders."""
    return sum(map(is_picture, _list_files(folder)))


def is_picture(path):
    """Whether a file is listed as a picture."""
    return path.suffix.lower() in _EXTENSIONS


def join_names(names):
    """The first names, for messages."""
    shown = [*names[:_SHOWN_FOLDERS]]
    shown += ["..."] * (len(names) > _SHOWN_FOLDERS)
    return ", ".join(shown) or "nothing"


def letters(name):
    """The letters and digits of a name: what misspelt names have in common."""
    return "".join(filter(str.isalnum, name.lower()))


def _list_files(folder):
    files, visited = [], set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(parent)
        identity = (status.st_dev, status.st_ino)
        if identity in visited:
            folders.clear()
            continue
        visited.add(identity)
        # Sorted, so that the same one of two links is followed everywhere.
        folders[:] = sorted(n for n in folders if not n.startswith("."))
        paths = (pathlib.Path(parent, n) for n in names if n[0] != ".")
        files.extend(path for path in paths if path.is_file())
    return sorted(files)


def _count_kinds(files):
    kinds = collections.Counter(
        path.suffix.lower() or "without extension" for path in files
    )
    counts = [f"{count} {kind}" for kind, count in kinds.most_common()]
    return ", ".join(counts) or "no files"


def _describe_tree(data_dir, found, absent):
    lines = [f"{data_dir} must hold the folders trainA and trainB. Found:"]
    for name in found[:_SHOWN_FOLDERS]:
        count = count_pictures(data_dir / name)
        lines.append(f"  {name}/  ({count} pictures)")
    if len(found) > _SHOWN_FOLDERS:
        lines.append(f"  ... and {len(found) - _SHOWN_FOLDERS} more folders")
    if not found:
        lines.append("  no folders")
    lines.append("Accepted:")
    lines.extend(f"  {name}/" for name in _REQUIRED)
    lines.extend(f"  {name}/  (may be absent)" for name in _OPTIONAL)
    lines.extend(_suggestions(found, absent))
    return "\n".join(lines)


def _suggestions(found, absent):
    accepted = {letters(name): name for name in _REQUIRED + _OPTIONAL}
    for name in found:
        key = letters(name)
        for close in difflib.get_close_matches(key, accepted, 1, 0.8):
            # The same last letter: `train` is neither of the two domains.
            if accepted[close] in absent and close[-1] == key[-1]:
                yield f"Did you mean {accepted[close]} by {name}? Rename it."
